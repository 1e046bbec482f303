import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { Misplacement } from '../../src/ledger/ledger-failure.ts';
import { readAgain } from '../../src/ledger/read-again.ts';

const ofAnothersCommit = new AcmeLedgerError('ledger-failed', 'the disk is full', { hint: 'make room' });

/** Reads that fail so often first, as they do beside a commit that fails. */
function failingFirst(times: number, error: Error): { read: () => Promise<string>; count: () => number } {
  let count = 0;
  return {
    count: () => count,
    read: () => {
      count += 1;
      return count > times ? Promise.resolve('row') : Promise.reject(error);
    },
  };
}

describe('a read from a ledger that can not be written', () => {
  it('is done again when it fails with the commit of somebody else', async () => {
    const reading = failingFirst(3, ofAnothersCommit);
    await expect(readAgain(systemClock, reading.read)).resolves.toBe('row');
    expect(reading.count()).toBe(4);
  });

  it('ends with the error after a second of it', async () => {
    const reading = failingFirst(Infinity, ofAnothersCommit);
    await expect(readAgain(systemClock, reading.read)).rejects.toBe(ofAnothersCommit);
    expect(reading.count()).toBe(20);
  });

  it.each([
    ['a bug', new TypeError('undefined is not a row')],
    [
      'a lost ledger',
      new AcmeLedgerError('ledger-failed', 'gone', { cause: new Misplacement(['ledger.sqlite']) }),
    ],
  ])('is not done again for %s', async (_what, error) => {
    const reading = failingFirst(1, error);
    await expect(readAgain(systemClock, reading.read)).rejects.toBe(error);
    expect(reading.count()).toBe(1);
  });
});
