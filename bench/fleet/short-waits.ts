import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rawDatabase } from '../../test/support/raw-database.ts';

const shortMs = 1_000;
const everyMs = 250;

/**
 * A refusal without a time is heeded for ten minutes, which would be most of the fleet's life: they pass in a second, by the hands of the
 * clock that the ledger has. The limits that are counted, and the back-off of names, are left as they are.
 * @param signal ends it
 */
export async function shortenWaits(stateDir: string, signal: AbortSignal): Promise<void> {
  const file = path.join(stateDir, 'ledger.sqlite');
  while (!signal.aborted) {
    if (existsSync(file)) shortenHolds(file);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

function shortenHolds(file: string): void {
  try {
    const database = rawDatabase(file, { fileMustExist: true, timeout: 100 });
    try {
      const soon = new Date(Date.now() + shortMs).toISOString();
      database.prepare('update holds set not_before = ? where not_before > ?').run(soon, soon);
    } finally {
      database.close();
    }
  } catch {
    // The ledger is just being made, or somebody writes.
  }
}
