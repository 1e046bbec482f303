import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '../../support/bundled-script.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { listAccounts } from '../../../src/ledger/accounts.ts';
import { openEmptyLedger, openSqliteLedger } from '../../../src/ledger/sqlite/open-sqlite.ts';
import { assertWhole } from '../../../src/ledger/sqlite/sqlite-file.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { newDirectory, newLedger } from '../new-ledger.ts';

const checkpointer = fileURLToPath(new URL('../checkpointer.mjs', import.meta.url));
const accountWriter = bundledScript(new URL('../account-writer.ts', import.meta.url));

describe('a new ledger', () => {
  it('is made with its folders, closed to everybody else, and leaves nothing beside itself', async () => {
    const directory = await newDirectory();
    const file = path.join(directory, 'new', 'folder', 'ledger.sqlite');
    await (await openSqliteLedger(file)).destroy();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    expect((await stat(path.dirname(path.dirname(file)))).mode & 0o777).toBe(0o700);
    expect(await readdir(path.dirname(file))).toEqual(['ledger.sqlite']);
  });

  it('survives a power cut after each commit, and lets readers in while it is written', async () => {
    const { ledger, file } = await newLedger();
    expect(await pragma(ledger, 'journal_mode')).toBe('wal');
    expect(await pragma(ledger, 'synchronous')).toBe(2);
    expect(await pragma(ledger, 'foreign_keys')).toBe(1);
    expect(await pragma(ledger, 'busy_timeout')).toBe(20);
    for (const rest of ['-wal', '-shm']) expect((await stat(file + rest)).mode & 0o777).toBe(0o600);
  });

  it('is not made anew when it is opened again', async () => {
    const { ledger, file } = await newLedger();
    const before = await sql`select name, timestamp from kysely_migration`.execute(ledger);
    const again = await openSqliteLedger(file);
    expect(await listAccounts(again)).toHaveLength(1);
    expect(await sql`select name, timestamp from kysely_migration`.execute(again)).toEqual(before);
    await again.destroy();
  });

  it('is one for eight processes that make it at once', { timeout: 180_000 }, async () => {
    const directory = await newDirectory();
    const file = path.join(directory, 'state', 'ledger.sqlite');
    const cas = Array.from({ length: 8 }, (_, index) => `https://ca-${index}.test/dir`);
    const exits = await Promise.all(cas.map((ca) => runOpener(file, ca)));
    expect(exits).toEqual(cas.map(() => ({ code: 0, stderr: '' })));
    const ledger = await openSqliteLedger(file);
    expect((await listAccounts(ledger)).map((account) => account.ca).sort()).toEqual(cas);
    await ledger.destroy();
    expect(await readdir(path.dirname(file))).toEqual(['ledger.sqlite']);
  });

  it('is whole at every moment at which others bring what they wrote ahead into it', async () => {
    const file = path.join(await newDirectory(), 'ledger.sqlite');
    await (await openSqliteLedger(file)).destroy();
    const other = spawn(process.execPath, [checkpointer, file], { stdio: 'ignore' });
    const looks = async (): Promise<void> => {
      await once(other, 'spawn');
      const deadline = Date.now() + 2_000;
      while (Date.now() < deadline) assertWhole(file);
    };
    await expect(looks().finally(() => other.kill())).resolves.toBeUndefined();
  });

  it('can be opened empty without leaving a trace', async () => {
    const ledger = await openEmptyLedger();
    expect(await listAccounts(ledger)).toEqual([]);
    await ledger.destroy();
  });
});

describe('a ledger that can not be opened', () => {
  it.each([
    ['is empty', ''],
    ['is text', 'x'.repeat(10_000)],
    ['is only a header', 'SQLite format 3\0'],
  ])('because it %s is refused and left as it was', async (_title, content) => {
    const file = path.join(await newDirectory(), 'ledger.sqlite');
    await writeFile(file, content);
    await expect(openSqliteLedger(file)).rejects.toMatchObject({ code: 'ledger', hint: /backup/ });
    expect(await readFile(file, 'latin1')).toBe(content);
    expect(await readdir(path.dirname(file))).toEqual(['ledger.sqlite']);
  });

  it('because a newer version wrote it is refused and left as it was', async () => {
    const { ledger, file } = await newLedger();
    await sql`insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')`.execute(ledger);
    await ledger.destroy();
    const before = await readFile(file);
    const refusal = { code: 'ledger-newer', message: /9999-later/, hint: /left as it was/ };
    await expect(openSqliteLedger(file)).rejects.toMatchObject(refusal);
    await expect(openSqliteLedger(file, { toWrite: true })).rejects.toMatchObject(refusal);
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(await readdir(path.dirname(file))).toEqual(['ledger.sqlite']);
  });

  it('because another process writes is found out when it is opened to be written, and only then', async () => {
    const { file } = await newLedger();
    const holder = rawDatabase(file);
    holder.exec('begin immediate');
    const reader = await openSqliteLedger(file);
    expect(await listAccounts(reader)).toHaveLength(1);
    await reader.destroy();
    await expect(openSqliteLedger(file, { toWrite: true })).rejects.toMatchObject({
      code: 'ledger-busy',
      message: /is locked by another process/,
    });
    holder.close();
    await (await openSqliteLedger(file, { toWrite: true })).destroy();
  });

  it('because its folder is a file is refused', async () => {
    const directory = await newDirectory();
    await writeFile(path.join(directory, 'a-file'), '');
    const file = path.join(directory, 'a-file', 'ledger.sqlite');
    await expect(openSqliteLedger(file)).rejects.toMatchObject({ code: 'ledger', hint: /permissions/ });
  });

  it('because it is a folder is refused', async () => {
    const file = path.join(await newDirectory(), 'ledger.sqlite');
    await mkdir(file);
    await expect(openSqliteLedger(file)).rejects.toMatchObject({ code: 'ledger' });
  });

  it('because the disk is full is not there at all', { timeout: 180_000 }, async () => {
    const file = path.join(await newDirectory(), 'ledger.sqlite');
    // A new ledger has more than 100 KiB; the limit is in blocks of 512 bytes.
    const { code, stderr } = await runOpener(file, 'https://ca.test/dir', 'ulimit -f 50; exec "$@"');
    expect({ code, said: JSON.parse(stderr) as unknown }).toMatchObject({
      code: 1,
      said: { code: 'ledger', hint: expect.stringMatching(/make room|check the disk/) as string },
    });
    expect(await readdir(path.dirname(file))).toEqual([]);
  });
});

it(
  'a disk that gets full in the middle of work is an error of its own, and the row is not half there',
  { timeout: 180_000 },
  async () => {
    const { file, ledger } = await newLedger();
    await sql`pragma wal_checkpoint(truncate)`.execute(ledger);
    const { code, stderr } = await runOpener(
      file,
      `https://ca.test/${'x'.repeat(100_000)}`,
      'ulimit -f 50; exec "$@"',
    );
    expect({ code, said: JSON.parse(stderr) as unknown }).toMatchObject({
      code: 1,
      said: { code: 'ledger-failed', hint: expect.stringMatching(/make room|check the disk/) as string },
    });
    expect(await listAccounts(ledger)).toHaveLength(1);
  },
);

it('a ledger that becomes read-only in the middle of work says whose permissions to look at', async () => {
  const { ledger } = await newLedger();
  await sql`pragma query_only = 1`.execute(ledger);
  const writing = ledger.deleteFrom('runs').execute();
  await expect(writing).rejects.toBeInstanceOf(AcmeLedgerError);
  await expect(writing).rejects.toMatchObject({ code: 'ledger-failed', hint: /permissions/ });
});

/** Opens the ledger in a process of its own and writes an account for `ca`; `shell` runs around it. */
async function runOpener(
  file: string,
  ca: string,
  shell = 'exec "$@"',
): Promise<{ code: number | null; stderr: string }> {
  const command = [process.execPath, await accountWriter, file, ca];
  const child = spawn('/bin/sh', ['-c', shell, 'sh', ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

async function pragma(ledger: Ledger, name: string): Promise<unknown> {
  const { rows } = await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(ledger);
  return Object.values(rows[0] ?? {})[0];
}
