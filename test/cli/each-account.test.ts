import { expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/context.ts';
import { eachAuthority } from '../../src/cli/each-account.ts';
import { AcmeLedgerError } from '../../src/errors.ts';

function contextWith(log: unknown[], work = new AbortController().signal): CommandContext {
  const error = (fields: object): void => void log.push(fields);
  return { stops: { work }, log: { error } } as unknown as CommandContext;
}

const down = (ca: string): Promise<never> => Promise.reject(new AcmeLedgerError('ca-unreachable', ca));

it('does not let one CA that is out of order keep the others from their turn', async () => {
  const log: unknown[] = [];
  const asked: string[] = [];
  const act = async (ca: string): Promise<void> => {
    asked.push(ca);
    if (ca !== 'two') await down(ca);
  };
  await expect(eachAuthority(contextWith(log), ['one', 'two', 'three'], act)).rejects.toThrow('one');
  expect(asked).toEqual(['one', 'two', 'three']);
  expect(log).toEqual([{ ca: 'three', error: expect.objectContaining({ message: 'three' }) as unknown }]);
});

it('begins with none after a signal', async () => {
  const stop = new AbortController();
  const asked: string[] = [];
  await eachAuthority(contextWith([], stop.signal), ['one', 'two'], async (ca) => {
    asked.push(ca);
    stop.abort();
    return Promise.resolve();
  });
  expect(asked).toEqual(['one']);
});
