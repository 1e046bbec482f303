import { closeSync, openSync, writeSync } from 'node:fs';
import { stat, truncate } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { checkLedger } from '../../../src/ledger/check/check.ts';
import type { Checked } from '../../../src/ledger/check/check.ts';
import { type Finding, findingCodes } from '../../../src/ledger/check/finding.ts';
import { openForCheck } from '../../../src/ledger/sqlite/open-for-check.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { cases, later } from '../check-cases.ts';
import { noon } from '../new-ledger.ts';
import { usedLedger } from '../used-ledger.ts';

describe('a ledger that is checked', { timeout: 180_000 }, () => {
  it('is clean after what runs write, also while they are in the middle of it', async () => {
    const here = await usedLedger();
    expect(await told(here)).toEqual([]);
  });

  it('is clean with a certificate that went on without a name that fails', async () => {
    const here = await usedLedger();
    change(
      here.file,
      `update certificates set names = '["c.test","dead.c.test"]', issued_names = '["c.test"]'`,
    );
    expect(await told(here)).toEqual([]);
  });

  it.each(cases)(
    'tells $code, and mends it: $isMended ($breaking)',
    async ({ code, breaking, at, isMended }) => {
      const here = await usedLedger();
      change(here.file, breaking);
      const [finding, ...others] = await told(here);
      expect(others).toEqual([]);
      expect(finding).toMatchObject({ code, level: 'error', table: at[0], id: at[1] });
      expect(finding?.mend !== undefined).toBe(isMended);
      if (finding?.mend === undefined) return;
      expect(await finding.mend(here)).toBe(true);
      expect(await told(here)).toEqual([]);
      const events = await here.ledger
        .selectFrom('events')
        .selectAll()
        .where('kind', '=', 'mended')
        .execute();
      expect(events).toMatchObject([{ run_id: 'run-1' }]);
      expect(events[0]?.data).toMatchObject({ code, table: at[0], id: at[1] });
      // What somebody else has set right meanwhile is left alone.
      expect(await finding.mend(here)).toBe(false);
    },
  );

  it('tells a submission without a time twice, as a broken constraint and by its row, and mends it', async () => {
    const here = await usedLedger();
    change(here.file, `update authorizations set submitted_at = null where id = 2`);
    const findings = await told(here);
    expect(findings.map(({ code }) => code)).toEqual(['constraint-broken', 'submission-without-time']);
    expect(await findings[1]?.mend?.(here)).toBe(true);
    expect(await told(here)).toEqual([]);
  });

  it('tells two open orders for the same names once the index that forbids them is gone', async () => {
    const here = await usedLedger();
    change(
      here.file,
      `drop index orders_one_per_names;
       insert into orders (account_id, certificate_name, names, names_key, profile, status, reserved, reserved_until, created_at, updated_at)
       select account_id, certificate_name, names, names_key, profile, status, reserved, reserved_until, created_at, updated_at
       from orders where id = 3`,
    );
    const findings = await told(here);
    expect(findings.map(({ code, id }) => [code, id])).toEqual([
      ['schema-differs', null],
      ['order-twice', 4],
    ]);
    expect(findings[0]?.hint).toMatch(
      /^stop cron .*; then: sqlite3 \S+ 'CREATE UNIQUE INDEX "orders_one_per_names" /,
    );
  });

  it('keeps what it replaces: the old text of an error, the row as it was', async () => {
    const here = await usedLedger();
    change(here.file, `update orders set error = 'not JSON' where id = 1`);
    await (await told(here))[0]?.mend?.(here);
    const order = await here.ledger
      .selectFrom('orders')
      .select('error')
      .where('id', '=', 1)
      .executeTakeFirst();
    expect(order?.error).toMatchObject({ code: 'bug', message: 'not JSON' });
    const event = await here.ledger
      .selectFrom('events')
      .selectAll()
      .where('kind', '=', 'mended')
      .executeTakeFirst();
    expect(event).toMatchObject({ order_id: 1, account_id: 1 });
    expect(event?.data).toMatchObject({ before: { error: 'not JSON' } });
  });

  it('goes on reserving what it marks as given up: what a lost newOrder opened is still open', async () => {
    const here = await usedLedger();
    change(here.file, `update orders set concluded_at = created_at where id = 3`);
    await (await told(here))[0]?.mend?.(here);
    const order = await here.ledger.selectFrom('orders').selectAll().where('id', '=', 3).executeTakeFirst();
    expect(order).toMatchObject({ status: 'abandoned', reserved: 1 });
  });

  it('notes times that are yet to come, and orders of a run that has ended', async () => {
    const here = await usedLedger();
    change(
      here.file,
      `update events set at = '${later(30)}' where id < 3;
       update runs set ended_at = '${noon.toISOString()}' where id = 'run-1'`,
    );
    const notes = (await checked(here)).findings;
    expect(notes.map(({ code, level, id }) => [code, level, id])).toEqual([
      ['order-of-ended-run', 'note', 1],
      ['order-of-ended-run', 'note', 3],
      ['time-in-future', 'note', null],
    ]);
    expect(notes.at(-1)?.message).toMatch(/^2 of events have at in the future, up to 2026-05-31/);
  });

  it('sees one moment: what is written while it is checked neither shows nor waits', async () => {
    const here = await usedLedger();
    const under = await openForCheck(here.file);
    let writes = 0;
    const findings = await checkLedger(under, {
      // Asked for in the middle of it.
      get now() {
        writes += 1;
        change(here.file, `update certificates set not_after = null`);
        return noon;
      },
    });
    await under.close();
    expect(writes).toBeGreaterThan(0);
    expect(findings).toMatchObject({ findings: [] });
    expect(await told(here)).toMatchObject([{ code: 'certificate-half-stored' }]);
  });
});

describe('a file that is no whole ledger', () => {
  it('is told to be damaged where SQLite finds it out, and nothing more is read from it', async () => {
    const here = await usedLedger();
    await here.ledger.destroy();
    overwrite(here.file, 'authorizations');
    const { findings, isDamaged, isIncomplete } = await checked(here);
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['damaged']));
    expect({ isDamaged, isIncomplete }).toEqual({ isDamaged: true, isIncomplete: true });
  });

  it('is refused when it is cut off', async () => {
    const here = await usedLedger();
    await here.ledger.destroy();
    await truncate(here.file, (await stat(here.file)).size / 2);
    await expect(openForCheck(here.file)).rejects.toMatchObject({ code: 'ledger' });
  });

  it('is refused when it is the database of another program', async () => {
    const here = await usedLedger();
    change(here.file, `drop table kysely_migration`);
    await expect(openForCheck(here.file)).rejects.toMatchObject({
      code: 'ledger',
      message: expect.stringMatching(/no ledger of acme-ledger/) as string,
    });
  });

  it('of an older version is checked as a database only, and left as it is', async () => {
    const here = await usedLedger();
    change(here.file, `delete from kysely_migration where name <> '0001-first'`);
    change(here.file, `update kysely_migration set name = '0000-before'`);
    const result = await checked(here);
    expect(result).toMatchObject({ isIncomplete: true, findings: [{ code: 'schema-older', level: 'note' }] });
  });
});

describe('the findings', () => {
  it('have each been seen', () => {
    const ofFiles = findingCodes.filter((code) => /-files-|-key-/.test(code));
    const seen = new Set<string>([
      ...cases.map(({ code }) => code),
      ...ofFiles,
      'damaged',
      'order-twice',
      'submission-without-time',
      'order-of-ended-run',
      'time-in-future',
      'schema-older',
    ]);
    expect(findingCodes.filter((code) => !seen.has(code))).toEqual([]);
  });
});

async function checked({ file }: { file: string }): Promise<Checked> {
  const under = await openForCheck(file);
  try {
    return await checkLedger(under, { now: noon });
  } finally {
    await under.close();
  }
}

async function told(here: { file: string }): Promise<Finding[]> {
  return (await checked(here)).findings;
}

/** As a program writes that knows nothing of the ledger's rules. */
function change(file: string, sql: string): void {
  const database = rawDatabase(file);
  database.exec(`pragma foreign_keys = off; pragma ignore_check_constraints = on; ${sql}`);
  database.close();
}

/** Overwrites the page where a table begins. */
function overwrite(file: string, table: string): void {
  const database = rawDatabase(file);
  const { root } = database
    .prepare(`select rootpage as root from sqlite_master where name = ?`)
    .get(table) as {
    root: number;
  };
  const size = Number(database.prepare('pragma page_size').pluck().get());
  database.close();
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(size, 0xa5), 0, size, (root - 1) * size);
  closeSync(handle);
}
