import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BindLab, startBind } from '../../support/bind.ts';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { nsupdateHook } from '../../support/nsupdate-hook.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';

const each = 50;
const numbers = Array.from({ length: each }, (_, index) => String(index));

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
  });
  lab = await startPebble({ dnsServer: bind.resolver });
  here = await newInstallation(lab);
}, 60_000);
afterAll(async () => {
  await here.remove();
  await lab.stop();
  await bind.stop();
});

/** Each kind of place that a record may be in: 200 certificates. */
const wanted = [
  ...numbers.map((n) => [`plain${n}.all.test`]),
  ...numbers.slice(10).map((n) => [`*.both${n}.all.test`, `both${n}.all.test`]),
  ...numbers.slice(0, 10).map((n) => [`cut${n}.all.test`]),
  ...numbers.map((n) => [`alias${n}.all.test`]),
  ...numbers.map((n) => [`shop${n}.wild.all.test`]),
];

it('200 of 200 pass with the look, and the dead server is named', async () => {
  const at = Object.fromEntries(
    numbers.map((n) => [`_acme-challenge.alias${n}.all.test.`, `alias${n}.proofs.test.`]),
  );
  const hook = await nsupdateHook(here.file('hook'), bind, { server: 'ns1', at });
  const view = ['--probe-resolver', bind.resolver, '--probe-dns-port', String(bind.port)];
  const list = here.file('list.ndjson');
  const lines = async (rows: readonly object[]): Promise<void> => {
    await writeFile(list, rows.map((row) => JSON.stringify(row)).join('\n'));
  };
  const way = { hook, hookConcurrency: '8', dnsQuorum: '2' };
  await lines(wanted.map((names) => ({ names, ...way })));
  expect(await here.run(['cert', 'import', list])).toMatchObject({ exitCode: 0 });
  const renewed = await here.run([...view, 'renew', '--json', '--no-check', '--concurrency', '20'], {
    timeoutMs: 400_000,
  });
  expect(renewed.stdout).toContain('"issued":200');
  expect(renewed.stderr).toContain(`ns3.lab (${bind.server('ns3').address}) doesn't answer`);
  expect(here.rows(`select status from authorizations where status <> 'valid'`)).toEqual([]);
}, 600_000);
