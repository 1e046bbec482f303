/** The names in a row's JSON. */
export function namesOf(row: { names: string }): string[] {
  return JSON.parse(row.names) as string[];
}
