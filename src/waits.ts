/** A wait of this process, as a person who looks on is told of it. */
export interface Wait {
  /** What is waited for: `waiting for TXT at ns1.example.net`; null while there is nothing to tell. */
  what: () => string | null;
  /** When the wait began, as `performance.now()` tells it. */
  begunAt: number;
  /** Null where nobody knows how long it may take. */
  limitMs: number | null;
}

const waits = new Set<Wait>();

/**
 * Notes that this process waits for as long as `act` takes. The notes are the process's own, like its signals:
 * whoever shows them reads them from here, and nothing depends on them.
 */
export async function whileWaiting<T>(
  { what, limitMs }: Omit<Wait, 'begunAt'>,
  act: () => Promise<T>,
): Promise<T> {
  const wait = { what, limitMs, begunAt: performance.now() };
  waits.add(wait);
  try {
    return await act();
  } finally {
    waits.delete(wait);
  }
}

/** The waits that go on, the longest first. */
export function waitsNow(): readonly Wait[] {
  return [...waits];
}
