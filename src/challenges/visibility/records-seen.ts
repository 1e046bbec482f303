/** What the looks at a record told beside that it is there. */
export interface RecordSeen {
  /** The servers that show it, in one text for all looks at the same ones. */
  serverSet: string;
  /** The zone above told these servers, so that a CA asks them, too. */
  isDelegated: boolean;
  /** How long a resolver keeps what it got there. */
  ttlSeconds: number;
  /** How long a resolver keeps that nothing was there (RFC 2308 §5); 0 when nobody tells. @throws the signal's reason */
  negativeTtlSeconds: () => Promise<number>;
}

/** The records that this process waited for, by name and value. What is read is forgotten. */
const seen = new Map<string, RecordSeen>();

export function noteRecordSeen(name: string, value: string, what: RecordSeen): void {
  seen.set(`${name} ${value}`, what);
}

/** Null for a record that wasn't looked for. */
export function takeRecordSeen(name: string, value: string): RecordSeen | null {
  const key = `${name} ${value}`;
  const what = seen.get(key) ?? null;
  seen.delete(key);
  return what;
}
