import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type BindLab, startBind } from '../../support/bind.ts';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { type ProxiedCa, startProxiedCa } from '../../support/stage.ts';

let bind: BindLab;
let ca: ProxiedCa;
let here: Installation;
beforeAll(async () => {
  bind = await startBind({
    zones: [
      {
        name: 'example.test',
        servers: ['ns1'],
        records: [
          '_acme-challenge.led CNAME led.validation.test.',
          '_acme-challenge.far CNAME far.elsewhere.test.',
          '*.shop CNAME shops.validation.test.',
        ],
      },
      { name: 'validation.test', servers: ['ns1'] },
    ],
  });
  ca = await startProxiedCa({ dnsServer: bind.resolver });
});
afterAll(async () => {
  await ca.stop();
  await bind.stop();
});
beforeEach(async () => {
  here = await newInstallation({ directoryUrl: ca.proxy.directoryUrl, caFile: ca.lab.caFile });
});
afterEach(() => here.remove());

function issue(names: string[], ...options: string[]): ReturnType<Installation['run']> {
  const usual = [
    '--dns-server',
    bind.server('ns1').address,
    '--resolver',
    bind.resolver,
    '--propagation-timeout',
    '20s',
  ];
  return here.run(['issue', ...names, ...usual, ...options]);
}

/** What may be left of a failed or finished order: open authorizations, owned orders, answers that are up. */
function leftovers(): unknown[] {
  return [
    ...here.rows(`select url, status from authorizations where status = 'pending'`),
    ...here.rows(`select id, status from orders where run_id is not null`),
    ...here.rows(`select token from presentations where cleaned_at is null`),
  ];
}

it('a name and its wildcard, and one that leads into another zone, are proven by updates that are gone afterwards', async () => {
  const names = ['example.test', '*.example.test', 'led.example.test', 'a.shop.example.test'];
  const result = await issue(names, '--tsig-key-file', bind.tsig.keyFile);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  for (const place of [
    '_acme-challenge.example.test',
    'led.validation.test',
    '_acme-challenge.a.shop.example.test',
  ])
    expect(await bind.txt('ns1', place)).toEqual([]);
  // The place of a record is looked for when it is put up, and kept for taking it down.
  const placings = bind
    .server('ns1')
    .questions.filter((each) => each === 'SOA _acme-challenge.led.example.test');
  expect(placings).toHaveLength(1);
  expect(leftovers()).toEqual([]);
  expect(JSON.stringify(here.rows('select * from certificates'))).not.toContain(bind.tsig.secret);
});

it.each([
  ['another secret', 'www.example.test', /has another secret for the TSIG key lab-key \(BADSIG\)/],
  [
    'an update that no key signs',
    'www.example.test',
    /refuses updates of _acme-challenge\.www\.example\.test that no key signs \(REFUSED\)/,
  ],
  [
    "somebody else's zone",
    'far.example.test',
    /has no zone for far\.elsewhere\.test, which _acme-challenge\.far\.example\.test is an alias of/,
  ],
])('%s is told, and leaves nothing behind', async (what, name, message) => {
  const other = path.join(here.stateDir, '../other.key');
  await writeFile(other, Buffer.from('another key of as many characters').toString('base64'), {
    mode: 0o600,
  });
  const keys: Record<string, string[]> = {
    'another secret': ['--tsig-key-file', other, '--tsig-name', bind.tsig.name],
    'an update that no key signs': [],
  };
  const result = await issue([name], ...(keys[what] ?? ['--tsig-key-file', bind.tsig.keyFile]));
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toMatch(/^hint: /m);
  expect(`${result.stdout}${result.stderr}`).not.toContain(bind.tsig.secret);
  expect(await bind.txt('ns1', `_acme-challenge.${name}`)).toEqual([]);
  expect(leftovers()).toEqual([]);
  expect(here.rows('select status, challenge from authorizations')).toEqual([
    { status: 'deactivated', challenge: expect.stringMatching(/none|presented/) as string },
  ]);
});
