import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import type { ProgramResult } from '../../support/program.ts';

let lab: PebbleLab;
let here: Installation;

beforeAll(async () => {
  lab = await startPebble();
  here = await newInstallation(lab);
});

afterAll(async () => {
  await here.remove();
  await lab.stop();
});

function issue(...names: string[]): Promise<ProgramResult> {
  return here.run(['issue', ...names, '--challenge', 'dns-persist-01', '--resolver', lab.dnsAddress]);
}

async function recordsFor(...words: string[]): Promise<Record<string, unknown>[]> {
  return jsonLines(await here.run(['dns-persist', 'record', ...words, '--json']));
}

async function set(records: readonly Record<string, unknown>[]): Promise<void> {
  for (const { record, value } of records) await lab.challtestsrv.setTxt(String(record), String(value));
}

const orders = (): number => here.rows('select id from orders').length;

it('prints the record, issues by it without touching the DNS, and tells before the order what does not fit', async () => {
  const none = await here.run(['dns-persist', 'record', 'a.test']);
  expect(none).toMatchObject({ exitCode: 2, stdout: '' });
  expect(none.stderr).toContain('the ledger has none there\nhint: acme-ledger account register');
  expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });

  const shown = await here.run(['dns-persist', 'record', 'a.test', '*.b.test', 'b.test']);
  const [account] = here.rows<{ url: string }>('select url from accounts');
  const value = `pebble.letsencrypt.org; accounturi=${account!.url}`;
  expect(shown).toMatchObject({
    exitCode: 0,
    stdout: `_validation-persist.a.test. IN TXT "${value}"\n_validation-persist.b.test. IN TXT "${value}; policy=wildcard"\n`,
  });

  const missing = await issue('a.test', '*.b.test', 'b.test');
  expect(missing.exitCode).toBe(1);
  expect(missing.stderr).toMatch(
    /error: _validation-persist\.a\.test\. has no record that proves a\.test to the CA by dns-persist-01: \S+ shows none; and 2 more of its names would fail; nothing was sent\nhint: acme-ledger dns-persist record a\.test/,
  );
  expect(orders()).toBe(0);

  await set(await recordsFor('a.test', '*.b.test'));
  const result = await issue('a.test', '*.b.test', 'b.test');
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(here.rows('select id from presentations')).toEqual([]);
  expect(here.rows(`select challenge_type from authorizations where status = 'valid'`)).toEqual(
    Array(3).fill({ challenge_type: 'dns-persist-01' }),
  );
  // The record stands, and the next order takes it again.
  expect(await here.run(['renew', '--all'])).toMatchObject({ exitCode: 0 });

  await lab.challtestsrv.setTxt('_validation-persist.other.test', `${value}2`);
  const other = await issue('other.test');
  expect(other.stderr).toContain(`shows only one for another account (${account!.url}2)`);
  await set(await recordsFor('soon.test', '--until', '20d'));
  const soon = await issue('soon.test');
  expect(soon.exitCode).toBe(0);
  expect(soon.stderr).toMatch(
    /^warning: the record by which soon\.test is proven \(dns-persist-01\) ends at .*acme-ledger dns-persist record soon\.test prints it/,
  );
  await set(await recordsFor('plain.test'));
  const plain = await issue('*.plain.test');
  expect(plain.stderr).toContain('one that is not for wildcards (policy=wildcard)');
  expect(orders()).toBe(3);

  // A name without its record is one that fails: the others don't wait for it.
  const dropped = await issue('a.test', 'gone.test', '--on-failed-name', 'drop', '--cert-name', 'dropped');
  expect(dropped).toMatchObject({ exitCode: 0 });
  expect(dropped.stdout).toContain('gone.test');
  expect(here.rows('select issued_names from certificates where name = ?', 'dropped')).toEqual([
    { issued_names: '["a.test"]' },
  ]);
});

it('refuses what no record can say', async () => {
  for (const [words, fault] of [
    [['192.0.2.7'], "the IP address 192.0.2.7 can't be proven with dns-persist-01"],
    [['a.test', '--issuer', 'no domain'], '--issuer "no domain" isn\'t a domain name'],
    [['a.test', '--until', '2020-01-01'], '--until "2020-01-01" is over already'],
  ] as const) {
    const result = await here.run(['dns-persist', 'record', ...words]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(`error: ${fault}`);
  }
  expect((await recordsFor('a.test', '--issuer', 'CA.example', '--wildcard'))[0]).toMatchObject({
    record: '_validation-persist.a.test.',
    type: 'TXT',
    value: expect.stringMatching(/^ca\.example; accounturi=\S+; policy=wildcard$/) as string,
    wildcard: true,
    endsAt: null,
  });
});
