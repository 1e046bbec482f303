import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { CommandContext } from '../../../src/run/run-context.ts';
import { eachAccount, eachAuthority } from '../../../src/run/accounts/each-account.ts';
import { readSettings } from '../../../src/settings/settings.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';

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

it('says that nothing is asked for where the ledger has no account', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'acme-ledger-each-'));
  const flags = { stateDir: path.join(home, 'state') };
  const settings = await readSettings(flags, {}, { cwd: home, isRoot: false, home });
  const notes: string[] = [];
  const output = { note: (text: string) => notes.push(text) };
  const context = { ...contextWith([]), settings, output } as unknown as CommandContext;
  await eachAccount(context, { command: 'authz clear' }, () => Promise.reject(new Error('asked')));
  expect(notes).toEqual([expect.stringContaining('--import-accounts')]);
  await rm(home, { recursive: true });
});
