import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type BindLab, startBind } from '../../support/bind.ts';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { nsupdateHook } from '../../support/nsupdate-hook.ts';
import { faultsOf } from '../../support/openssl.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';

let bind: BindLab;
let lab: PebbleLab;
let here: Installation;

beforeAll(async () => {
  bind = await startBind({
    zones: [
      {
        name: 'example.test',
        servers: ['ns1', 'ns2'],
        records: [
          '_acme-challenge.alias CNAME alias.proofs.test.',
          '*.wild CNAME parked.proofs.test.',
          '_acme-challenge.lost CNAME lost.nowhere.test.',
        ],
      },
      { name: '_acme-challenge.cut.example.test', servers: ['ns2'] },
      { name: 'proofs.test', servers: ['ns2'], records: ['parked TXT "not of ours"'] },
      { name: 'half.test', servers: ['ns1', 'ns3'] },
    ],
    servers: { ns2: { lagSeconds: 2 }, ns3: { isDead: true } },
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
afterEach(async () => {
  await here.remove();
});

const view = () => ['--probe-resolver', bind.resolver, '--probe-dns-port', String(bind.port)];

async function issue(
  names: string[],
  options: string[],
): Promise<{ exitCode: number | null; stderr: string }> {
  return here.run([...view(), 'issue', ...names, ...options]);
}

async function expectIssued(names: string[], hook: string): Promise<void> {
  expect(await issue(names, ['--hook', hook])).toMatchObject({ exitCode: 0, stderr: '' });
  const directory = here.certificate(names[0]!.replace('*', '_'));
  expect(await faultsOf({ directory, names, rootPem: await lab.root() })).toEqual([]);
  expect(here.rows(`select status from authorizations where status <> 'valid'`)).toEqual([]);
}

it('waits for the server that lags, with a wildcard and its base name at one name', async () => {
  const hook = await nsupdateHook(here.file('hook'), bind, { server: 'ns1' });
  await expectIssued(['*.example.test', 'example.test'], hook);
  expect(await bind.txt('ns1', '_acme-challenge.example.test')).toEqual([]);
});

it('follows an alias into another zone', async () => {
  const at = { '_acme-challenge.alias.example.test.': 'alias.proofs.test.' };
  await expectIssued(
    ['alias.example.test'],
    await nsupdateHook(here.file('hook'), bind, { server: 'ns2', at }),
  );
});

it('is not caught by a wildcard alias that the record takes the place of', async () => {
  await expectIssued(
    ['shop.wild.example.test'],
    await nsupdateHook(here.file('hook'), bind, { server: 'ns1' }),
  );
});

it('follows a delegation of the record’s own name', async () => {
  await expectIssued(['cut.example.test'], await nsupdateHook(here.file('hook'), bind, { server: 'ns2' }));
});

it('names the server that does not answer, and bears it with --dns-quorum', async () => {
  const hook = await nsupdateHook(here.file('hook'), bind, { server: 'ns1' });
  const options = ['--hook', hook, '--propagation-timeout', '2s'];
  const failed = await issue(['half.test'], options);
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toContain(
    `ns3.lab (${bind.server('ns3').address}) doesn't answer: nothing listens there`,
  );
  expect(failed.stderr).toContain('--dns-quorum most');
  expect(here.rows(`select status from authorizations`)).toEqual([{ status: 'deactivated' }]);
  const borne = await issue(['half.test'], [...options, '--dns-quorum', '1', '--now']);
  expect(borne.exitCode).toBe(0);
  expect(borne.stderr).toContain(`ns3.lab (${bind.server('ns3').address}) doesn't answer`);
});

it('says where the record is missing, and takes everything down', async () => {
  const hook = await nsupdateHook(here.file('hook'), bind, { server: 'ns1' });
  const { exitCode, stderr } = await issue(
    ['lost.example.test'],
    ['--hook', hook, '--propagation-timeout', '2s'],
  );
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/_acme-challenge\.lost\.example\.test/);
  expect(await bind.txt('ns1', '_acme-challenge.lost.example.test')).toEqual([]);
});

it('proves a wildcard and its base name one after the other at a server that holds one value', async () => {
  const hook = await nsupdateHook(here.file('hook'), bind, { server: 'ns1', holdsOneValue: true });
  await expectIssued(['*.one.example.test', 'one.example.test'], hook);
});
