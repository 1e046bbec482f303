import { comparableName } from '../../identifiers.ts';

/** Whether a name is like a pattern; `*` in it stands for any text, so that it finds a wildcard's `*.`, too. */
export function globMatcher(glob: string): (name: string) => boolean {
  const pattern = comparableName(glob)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  // Dotall: a CA may have told a name with a newline.
  const expression = new RegExp(`^${pattern}$`, 's');
  return (name) => expression.test(name);
}

/** What rows are sorted by. */
export type Key = string | number | Date | null;

/** Rows by a key of theirs, the smallest first and null before all; rows with one key keep their order. */
export function sortedBy<Row>(rows: readonly Row[], keyOf: (row: Row) => Key): Row[] {
  const keyed = rows.map((row) => ({ row, key: comparable(keyOf(row)) }));
  return keyed.sort((one, other) => compared(one.key, other.key)).map(({ row }) => row);
}

function comparable(key: Key): string | number | null {
  return key instanceof Date ? key.getTime() : key;
}

function compared(one: string | number | null, other: string | number | null): number {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? -1 : 1;
  return one < other ? -1 : 1;
}

/** Whether something of that time is older than asked for; null asks for none. */
export function isOlder(time: Date | null, olderThanMs: number | null, now: Date): boolean {
  if (olderThanMs === null) return true;
  return time !== null && time.getTime() < now.getTime() - olderThanMs;
}
