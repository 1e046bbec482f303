import { mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { listAccounts } from '../../src/ledger/accounts.ts';
import { absoluteLedgerUrl, ledgerFile, usualLedgerUrl } from '../../src/ledger/ledger-url.ts';
import { ledgerAt } from '../../src/ledger/open.ts';
import { newDirectory, newLedger } from './new-ledger.ts';

it('a ledger is made, found, and copied by its URL alone', async () => {
  const directory = await newDirectory();
  const store = ledgerAt(usualLedgerUrl(path.join(directory, 'state')));
  expect(await store.exists()).toBe(false);
  await (await store.openEmpty()).destroy();
  expect(await readdir(directory)).toEqual([]);
  const ledger = await store.open({ toWrite: true });
  expect(await store.exists()).toBe(true);
  await ledger.destroy();
  const under = await store.openForCheck();
  expect(under).toMatchObject({ place: store.place, isWritable: true, isCurrent: true });
  await under.close();
});

it('a copy holds what the ledger holds, and is another', async () => {
  const { ledger, file } = await newLedger();
  const folder = path.join(path.dirname(file), 'copies');
  await mkdir(folder);
  const url = await ledgerAt(`sqlite:${file}`).copy(ledger, folder);
  const copy = await ledgerAt(url).open({ toWrite: true });
  expect(await listAccounts(copy)).toEqual(await listAccounts(ledger));
  await copy.updateTable('accounts').set({ email: 'of-the-copy@a.test' }).execute();
  await copy.destroy();
  expect(path.dirname(ledgerFile(url) ?? '')).toBe(folder);
  expect(await listAccounts(ledger)).not.toMatchObject([{ email: 'of-the-copy@a.test' }]);
});

it('a ledger that was moved away is missed, not taken for one that never was', async () => {
  const { file } = await newLedger();
  await rename(file, `${file}.elsewhere`);
  await expect(ledgerAt(`sqlite:${file}`).exists()).rejects.toMatchObject({ code: 'ledger' });
});

it.each([
  ['sqlite:state/l.sqlite', 'sqlite:/here/state/l.sqlite'],
  ['SQLite:/l.sqlite', 'sqlite:/l.sqlite'],
])('a URL is made absolute: %s', (url, absolute) => {
  expect(absoluteLedgerUrl(url, '/here', (fault) => new Error(fault))).toBe(absolute);
});

it.each([
  'postgresql://user:secret@host/db',
  'mysql://user:secret@host',
  'l.sqlite',
  'sqlite:',
  'sqlite::memory:',
])('a URL that can not be used is refused, and no password in it repeated: %s', (url) => {
  const refused = (): string =>
    absoluteLedgerUrl(url, '/here', (fault, hint) => new Error(`${fault}: ${hint}`));
  expect(refused).toThrow(/use sqlite:FILE|write sqlite:FILE/);
  expect(refused).not.toThrow(/secret/);
});
