import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openForCheck } from '../../../src/ledger/sqlite/open-for-check.ts';
import { queried } from '../../support/raw-database.ts';
import { storedError } from '../../support/stored-error.ts';
import { usedLedger } from '../used-ledger.ts';

it('flags and JSON are values in the program, numbers and text in the file', async () => {
  const { ledger, file } = await usedLedger();
  const error = storedError({ message: 'no such profile' });
  await ledger
    .updateTable('certificates')
    .set({ reuse_key: true, names: ['c.test', 'd.test'], settings: { solver: 'x' }, last_error: error })
    .execute();
  const columns = ['reuse_key', 'names', 'settings', 'last_error', 'issued_names'] as const;
  expect(await ledger.selectFrom('certificates').select(columns).executeTakeFirst()).toEqual({
    reuse_key: true,
    names: ['c.test', 'd.test'],
    settings: { solver: 'x' },
    last_error: error,
    issued_names: null,
  });
  expect(queried(file, `select ${columns.join(', ')} from certificates`)).toEqual([
    {
      reuse_key: 1,
      names: '["c.test","d.test"]',
      settings: '{"solver":"x"}',
      last_error: JSON.stringify(error),
      issued_names: null,
    },
  ]);
});

it('times are dates in the program, text with milliseconds in the file, whether a row is read, found or changed', async () => {
  const { ledger, file } = await usedLedger();
  const at = new Date('2026-05-01T12:00:00.007Z');
  const changed = await ledger
    .updateTable('certificates')
    .set({ stored_at: at, deployed_at: null })
    .returning(['stored_at', 'deployed_at'])
    .execute();
  expect(changed).toEqual([{ stored_at: at, deployed_at: null }]);
  expect(queried(file, 'select stored_at from certificates')).toEqual([
    { stored_at: '2026-05-01T12:00:00.007Z' },
  ]);
  const found = ledger.selectFrom('certificates').select('stored_at');
  expect(await found.where('stored_at', '=', at).execute()).toEqual([{ stored_at: at }]);
  expect(await found.where('stored_at', '>', at).execute()).toEqual([]);
});

it.each([
  ['no time', 'tomorrow'],
  ['a time with a zone', '2026-05-02T14:00:00.000+02:00'],
  ['the 13th month', '2026-13-01T00:00:00.000Z'],
])('%s is an error for who needs it, and `ledger check` reads the rest', async (_title, text) => {
  const { ledger, file } = await usedLedger();
  queried(file, 'update certificates set not_after = ?', text);
  const [row] = await ledger.selectFrom('certificates').selectAll().execute();
  expect(row).toMatchObject({ id: 1 });
  expect(thrownBy(() => row?.not_after)).toMatchObject({
    code: 'ledger',
    message: expect.stringMatching(/^not_after of certificates in the ledger isn't the time/) as string,
    hint: expect.stringMatching(/ledger check/) as string,
  });
  const under = await openForCheck(file);
  const [checked] = await under.ledger.selectFrom('certificates').select('not_after').execute();
  expect(checked?.not_after).toBeInstanceOf(Date);
  expect(await under.stored.selectFrom('certificates').select('not_after').execute()).toEqual([
    { not_after: text },
  ]);
  await under.close();
});

it('a column is known by where it comes from, whatever it is called; what is computed is left as it is', async () => {
  const { ledger } = await usedLedger();
  const { rows } = await sql`with named as (select id, names as those from certificates)
    select those as them, json_array_length(those) as names, (select max(wildcard) from authorizations) as wildcard
    from named`.execute(ledger);
  expect(rows).toEqual([{ them: ['c.test'], names: 1, wildcard: 0 }]);
  const changed = await ledger
    .updateTable('certificates')
    .set({ reuse_key: false })
    .returning('names as them')
    .execute();
  expect(changed).toEqual([{ them: ['c.test'] }]);
});

it('rows that hold the same share one value', async () => {
  const { ledger } = await usedLedger();
  const [one, other] = await ledger.selectFrom('presentations').select('settings').execute();
  expect(one?.settings).toMatchObject({ solver: 'webroot' });
  expect(other?.settings).toBe(one?.settings);
});

it('what another value is compared with is written as it is stored', async () => {
  const { ledger } = await usedLedger();
  const error = storedError({ message: 'it' });
  await ledger.updateTable('certificates').set({ last_error: error }).execute();
  const found = ledger.selectFrom('certificates').select('id').where('last_error', '=', error);
  expect(await found.execute()).toHaveLength(1);
  expect(
    await ledger.selectFrom('authorizations').select('id').where('wildcard', '=', true).execute(),
  ).toEqual([]);
});

it.each([
  ['not JSON', 'not JSON'],
  ['another kind of JSON', '{"a":1}'],
])('%s is an error that names table and column, and empty for `ledger check`', async (_title, text) => {
  const { ledger, file } = await usedLedger();
  queried(file, 'update certificates set names = ?', text);
  const [row] = await ledger.selectFrom('certificates').selectAll().execute();
  expect(thrownBy(() => row?.names)).toMatchObject({
    code: 'ledger',
    message: expect.stringMatching(/^names of certificates in the ledger isn't the JSON/) as string,
    hint: expect.stringMatching(/ledger check/) as string,
  });
  const under = await openForCheck(file);
  expect(await under.ledger.selectFrom('certificates').select('names').execute()).toEqual([{ names: [] }]);
  expect(await under.stored.selectFrom('certificates').select('names').execute()).toEqual([{ names: text }]);
  await under.close();
});

it('one value that can not be read is the trouble of who needs it, not of who reads the row', async () => {
  const { ledger, file } = await usedLedger();
  queried(file, `update certificates set settings = 'x', last_error = '{"code":"ca-'`);
  const [row] = await ledger.selectFrom('certificates').selectAll().execute();
  expect(row).toMatchObject({ id: 1, last_error: null });
  expect(thrownBy(() => row?.settings)).toMatchObject({ code: 'ledger' });
});

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
