import { closeSync, openSync, writeSync } from 'node:fs';
import { stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { rawDatabase } from '../../support/raw-database.ts';
import { describe, expect, it } from 'vitest';
import { type Stage, expectRefused, expectTwoLines, keepAccount, withStage } from './bad-input-stage.ts';

/** A busy ledger is waited for this long when it is opened; loading and a slow machine come on top. */
const longestWaitMs = 40_000;

describe.concurrent('a ledger is refused and left as it was', () => {
  it.each(['0', '50', '100', '5000', 'half', 'all but one'])('cut off at %s bytes', async (bytes) => {
    await withLedger(async (stage, file) => {
      const { size } = await stat(file);
      const sizes: Record<string, number> = { half: Math.floor(size / 2), 'all but one': size - 1 };
      await truncate(file, sizes[bytes] ?? Number(bytes));
      const error = /the ledger .*ledger\.sqlite is (cut off|not a SQLite database) \(\d+ bytes\)/;
      await expectRefused(stage, issue(stage), { error, hint: /backup/ });
      await expectRefused(stage, ['authz', 'list', ...at(stage)], { error, hint: /backup/ });
    });
  });

  it('that is no database', async () => {
    await withLedger(async (stage, file) => {
      await writeFile(file, 'These are the notes of Tuesday.\n'.repeat(300));
      const error = /ledger\.sqlite is not a SQLite database/;
      await expectRefused(stage, issue(stage), { error, hint: /backup/ });
    });
  });

  it('that is a directory', async () => {
    await withStage(async (stage) => {
      const args = [...issue(stage), '--ledger', 'sqlite:webroot'];
      await expectRefused(stage, args, { error: /ledger .*webroot.* (directory|EISDIR)/, hint: /./ });
    });
  });

  it('with damage in its middle, which shows only when it is read: an item that failed', async () => {
    await withLedger(async (stage, file) => {
      damage(file);
      const before = await stage.listing();
      const result = await stage.run(issue(stage));
      expectTwoLines(result, { error: /is damaged or isn't a ledger/, hint: /backup/ });
      expect(result.exitCode).toBe(1);
      expect(stage.connections()).toBe(0);
      expect(await stage.listing()).toEqual(before);
    });
  });

  it('of a newer version', async () => {
    await withLedger(async (stage, file) => {
      const database = rawDatabase(file);
      database.exec(`insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')`);
      database.close();
      const error = /was written by a newer acme-ledger \(its schema is 9999-later/;
      await expectRefused(stage, issue(stage), { error, hint: /left as it was/ });
      await expectRefused(stage, ['status', ...at(stage)], { error, hint: /newer version/ });
    });
  });

  it('of a development version', async () => {
    await withLedger(async (stage, file) => {
      const database = rawDatabase(file);
      database.exec(`insert into kysely_migration values ('0013-stuck', '2026-11-30T00:00:00.000Z')`);
      database.close();
      const error = /was made by a development version of acme-ledger \(its schema is 0013-stuck\)/;
      await expectRefused(stage, issue(stage), { error, hint: /authz clear; then mv .*left as it was/ });
      await expectRefused(stage, ['ledger', 'check', ...at(stage)], { error, hint: /a new ledger/ });
    });
  });
});

describe.concurrent('a locked ledger', () => {
  it.each([
    ['in whose middle of writing another process is', 'begin immediate'],
    [
      'that another process has to itself',
      'pragma locking_mode = exclusive; begin exclusive; pragma user_version = 1',
    ],
  ])('%s is "not now" in time, and nothing is sent', async (_title, lock) => {
    await withLedger(async (stage, file) => {
      const holder = rawDatabase(file);
      holder.exec(lock);
      const result = await stage.run(issue(stage));
      holder.close();
      expectTwoLines(result, { error: /is locked by another process/, hint: /again in a while.*fuser/ });
      expect(result.exitCode).toBe(75);
      expect(result.durationMs).toBeLessThan(longestWaitMs);
      expect(stage.connections()).toBe(0);
      const writer = rawDatabase(file, { readonly: true });
      expect(writer.prepare('select count(*) as runs from runs').get()).toEqual({ runs: 0 });
      writer.close();
    });
  });

  it('can be read while another process writes', async () => {
    await withLedger(async (stage, file) => {
      const holder = rawDatabase(file);
      holder.exec('begin immediate');
      const result = await stage.run(['account', 'list', '--json', ...at(stage)]);
      holder.close();
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(result.stdout)).toMatchObject({ ca: stage.ca });
    });
  });
});

/** Overwrites the page where the table of accounts begins. */
function damage(file: string): void {
  const database = rawDatabase(file);
  const { root } = database
    .prepare(`select rootpage as root from sqlite_master where name = 'accounts'`)
    .get() as {
    root: number;
  };
  const size = Number(database.prepare('pragma page_size').pluck().get());
  database.close();
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(size, 0xa5), 0, size, (root - 1) * size);
  closeSync(handle);
}

async function withLedger(act: (stage: Stage, file: string) => Promise<void>): Promise<void> {
  await withStage(async (stage) => {
    await keepAccount(stage);
    await act(stage, path.join(stage.stateDir, 'ledger.sqlite'));
  });
}

function issue(stage: Stage): string[] {
  return ['issue', 'a.example', '--webroot', 'webroot', ...at(stage)];
}

function at(stage: Stage): string[] {
  return ['--ca', stage.ca, '--state-dir', stage.stateDir];
}
