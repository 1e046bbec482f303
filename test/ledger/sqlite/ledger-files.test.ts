import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { insertAccount, listAccounts } from '../../../src/ledger/accounts.ts';
import { isLedgerLost } from '../../../src/ledger/ledger-failure.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-sqlite.ts';
import type { LedgerWriter } from '../../../src/ledger/writer.ts';
import { inTransaction } from '../../../src/ledger/writer.ts';
import { newDirectory, newLedger } from '../new-ledger.ts';

interface Stage {
  writer: LedgerWriter;
  file: string;
  backup: string;
}

/** A ledger with a backup of it, and an account that was written since. */
async function newStage(): Promise<Stage> {
  const { file, ...writer } = await newLedger();
  const backup = path.join(await newDirectory(), 'backup.sqlite');
  await writer.ledger.destroy();
  await copyFile(file, backup);
  const stage = { writer: { ...writer, ledger: await openSqliteLedger(file) }, file, backup };
  await addAccount(stage.writer, 'since-the-backup');
  return stage;
}

async function addAccount(writer: LedgerWriter, name: string): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const account = { keyFile: `accounts/${name}.pem`, keyThumbprint: name, email: null };
    await insertAccount(tx, { ca: `https://${name}.test/dir`, ...account });
  });
}

async function caNames(file: string): Promise<string[]> {
  const ledger = await openSqliteLedger(file);
  const names = (await listAccounts(ledger)).map(({ ca }) => new URL(ca).hostname);
  await ledger.destroy();
  return names.sort();
}

async function failureOf(work: Promise<unknown>): Promise<Error & { hint?: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'ledger-failed' });
  expect(isLedgerLost(error)).toBe(true);
  return error as Error & { hint?: string };
}

const ways = {
  deleted: async ({ file }: Stage) => rm(file),
  'deleted with all that is beside it': async ({ file }: Stage) =>
    Promise.all(['', '-wal', '-shm'].map((end) => rm(file + end))),
  'moved away': async ({ file }: Stage) => rename(file, `${file}.away`),
  'replaced by a backup': async ({ file, backup }: Stage) => {
    await copyFile(backup, `${file}.coming`);
    await rename(`${file}.coming`, file);
  },
} as const;

describe.each(Object.entries(ways))('a ledger that was %s while it was open', (way, take) => {
  it('is written no more, and what it held is saved beside it', async () => {
    const stage = await newStage();
    await take(stage);
    const failure = await failureOf(addAccount(stage.writer, 'too-late'));
    expect(failure.message).toMatch(
      way === 'replaced by a backup' ? /was replaced by another file/ : /was deleted or moved away/,
    );
    const copies = (await readdir(path.dirname(stage.file))).filter((name) => name.includes('.rescued-'));
    expect(copies).toHaveLength(1);
    const copy = path.join(path.dirname(stage.file), copies[0]!);
    expect(failure.hint).toContain(`mv ${copy} ${stage.file}`);
    expect((await stat(copy)).mode & 0o777).toBe(0o600);
    // Again and again, and not only in transactions: one copy is enough.
    await failureOf(addAccount(stage.writer, 'too-late'));
    await failureOf(stage.writer.ledger.deleteFrom('runs').execute());
    await stage.writer.ledger.destroy();
    expect((await readdir(path.dirname(stage.file))).filter((name) => name.includes('.rescued-'))).toEqual(
      copies,
    );
    expect(await caNames(copy)).toEqual(['ca.test', 'since-the-backup.test']);
  });

  it('can still be read by who has it open', async () => {
    const stage = await newStage();
    await take(stage);
    await failureOf(addAccount(stage.writer, 'too-late'));
    expect(await listAccounts(stage.writer.ledger)).toHaveLength(2);
    await stage.writer.ledger.destroy();
  });

  it('is missed after a commit, too: what rests on it must not be sent', async () => {
    const stage = await newStage();
    const writing = inTransaction(stage.writer, async (tx) => {
      await tx.ledger.updateTable('accounts').set({ email: 'x@y.test' }).execute();
      await take(stage);
    });
    await failureOf(writing);
    await stage.writer.ledger.destroy();
  });
});

it('what is put in the place of an open ledger is not mixed with it', async () => {
  const stage = await newStage();
  await ways['replaced by a backup'](stage);
  await failureOf(addAccount(stage.writer, 'too-late'));
  await stage.writer.ledger.destroy();
  expect(await caNames(stage.file)).toEqual(['ca.test']);
});

it('a ledger that was put back in its place is written again', async () => {
  const stage = await newStage();
  await ways['moved away'](stage);
  await rename(`${stage.file}.away`, stage.file);
  await addAccount(stage.writer, 'later');
  await stage.writer.ledger.destroy();
  expect(await caNames(stage.file)).toEqual(['ca.test', 'later.test', 'since-the-backup.test']);
});

it('a ledger whose folder was moved is missed, though nothing can be saved in its place', async () => {
  const stage = await newStage();
  const folder = path.dirname(stage.file);
  await rename(folder, `${folder}-moved`);
  const failure = await failureOf(addAccount(stage.writer, 'too-late'));
  expect(failure.hint).toMatch(/put it or a backup back/);
  await stage.writer.ledger.destroy();
  expect(await readdir(path.dirname(folder))).not.toContain(path.basename(folder));
  await mkdir(folder);
});

it.each(['-wal', '-shm'])('without its %s a ledger is written no more, and nothing is lost', async (end) => {
  const stage = await newStage();
  await rm(stage.file + end);
  const failure = await failureOf(addAccount(stage.writer, 'too-late'));
  expect(failure.message).toMatch(new RegExp(`sqlite${end} was removed or replaced`));
  await stage.writer.ledger.destroy();
  expect(await caNames(stage.file)).toEqual(['ca.test', 'since-the-backup.test']);
});

describe('where a ledger was taken away', () => {
  it('no new one is made beside the copy that a run saved of it', async () => {
    const stage = await newStage();
    await ways.deleted(stage);
    await failureOf(addAccount(stage.writer, 'too-late'));
    await stage.writer.ledger.destroy();
    const opening = openSqliteLedger(stage.file);
    await expect(opening).rejects.toMatchObject({ code: 'ledger', hint: /^mv .*rescued-.* puts back/ });
    const copy = /^mv (\S+) (\S+) /.exec(
      ((await opening.catch((error: unknown) => error)) as { hint: string }).hint,
    )!;
    await rename(copy[1]!, copy[2]!);
    expect(await caNames(stage.file)).toEqual(['ca.test', 'since-the-backup.test']);
  });

  it('no new one is made that would be mixed with what is left of it', async () => {
    const stage = await newStage();
    await ways.deleted(stage);
    const refusal = { code: 'ledger', message: /isn't there, but what belongs to it is/, hint: /-wal$/ };
    await expect(openSqliteLedger(stage.file)).rejects.toMatchObject(refusal);
    expect(await readdir(path.dirname(stage.file))).not.toContain('ledger.sqlite');
    await stage.writer.ledger.destroy();
  });
});
