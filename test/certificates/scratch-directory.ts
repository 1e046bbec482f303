import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory that is gone when the test is over. */
export async function makeScratchDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'acme-ledger-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
