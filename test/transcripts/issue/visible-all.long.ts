import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type BindLab, startBind } from '../../support/bind.ts';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { nsupdateHook } from '../../support/nsupdate-hook.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import type { ProgramResult } from '../../support/program.ts';

const each = 50;
const numbers = Array.from({ length: each }, (_, index) => String(index));

const isOdd = (digit: string): boolean => Number(digit) % 2 === 1;

let bind: BindLab;
let lab: PebbleLab;
let here: Installation;
beforeAll(async () => {
  bind = await startBind({
    zones: [
      {
        name: 'all.test',
        servers: ['ns1', 'ns2', 'ns3'],
        records: [
          ...numbers.map((n) => `_acme-challenge.alias${n} CNAME alias${n}.proofs.test.`),
          '*.wild CNAME parked.proofs.test.',
        ],
      },
      { name: 'proofs.test', servers: ['ns1', 'ns2'], records: ['parked TXT "not of ours"'] },
      ...numbers
        .slice(0, 10)
        .map((n) => ({ name: `_acme-challenge.cut${n}.all.test`, servers: ['ns1', 'ns2'] })),
    ],
    servers: { ns2: { lagSeconds: 3 }, ns3: { isDead: true } },
    // A CA looks from several places: for every second name it sees the server that is behind.
    resolverGets: (name) => {
      const digit = /(\d)\.(?:wild\.all|all|proofs)\.test$/.exec(name)?.[1];
      return digit === undefined ? null : isOdd(digit) ? 'ns2' : 'ns1';
    },
  });
  lab = await startPebble({ dnsServer: bind.resolver });
}, 60_000);
afterAll(async () => {
  await lab.stop();
  await bind.stop();
});

beforeEach(async () => {
  here = await newInstallation(lab);
});
afterEach(() => here.remove());

/** Each kind of place that a record may be in: 200 certificates. */
const wanted = [
  ...numbers.map((n) => [`plain${n}.all.test`]),
  ...numbers.slice(10).map((n) => [`*.both${n}.all.test`, `both${n}.all.test`]),
  ...numbers.slice(0, 10).map((n) => [`cut${n}.all.test`]),
  ...numbers.map((n) => [`alias${n}.all.test`]),
  ...numbers.map((n) => [`shop${n}.wild.all.test`]),
];

/** Renews them in one run, with a hook of the kind that people write. */
async function renewAll(certificates: readonly string[][], way: object): Promise<ProgramResult> {
  const at = Object.fromEntries(
    numbers.map((n) => [`_acme-challenge.alias${n}.all.test.`, `alias${n}.proofs.test.`]),
  );
  const hook = await nsupdateHook(here.file('hook'), bind, { server: 'ns1', at });
  const view = ['--probe-resolver', bind.resolver, '--probe-dns-port', String(bind.port)];
  const list = here.file('list.ndjson');
  const rows = certificates.map((names) => ({ names, hook, hookConcurrency: '8', ...way }));
  await writeFile(list, rows.map((row) => JSON.stringify(row)).join('\n'));
  expect(await here.run(['cert', 'import', list])).toMatchObject({ exitCode: 0 });
  return here.run([...view, 'renew', '--json', '--no-check', '--concurrency', '20'], { timeoutMs: 400_000 });
}

it('200 of 200 pass with the look, and the dead server is named', async () => {
  const renewed = await renewAll(wanted, { dnsQuorum: '2' });
  expect(renewed.stdout).toContain('"issued":200');
  expect(renewed.stderr).toContain(`ns3.lab (${bind.server('ns3').address}) doesn't answer`);
  expect(here.rows(`select status from authorizations where status <> 'valid'`)).toEqual([]);
}, 600_000);

it('without the look some of them fail at the CA', async () => {
  const third = wanted.filter((_, index) => index % 3 === 0);
  const renewed = await renewAll(third, { propagationTimeout: '0' });
  expect(renewed.exitCode).not.toBe(0);
  const issued = here.rows('select name from certificates where stored_at is not null').length;
  expect(issued).toBeGreaterThan(0);
  expect(issued).toBeLessThan(third.length);
  const invalid = here.rows<{ identifier: string }>(
    `select identifier from authorizations where status = 'invalid'`,
  );
  expect(invalid.length).toBeGreaterThan(0);
  // Where the CA sees the server that is up to date there is nothing to fail for.
  expect(invalid.filter(({ identifier }) => !isOdd(/\d(?=\.)/.exec(identifier)?.[0] ?? ''))).toEqual([]);
}, 600_000);
