import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, makeAuthority } from '../../certificates/authority.ts';
import { generateKey, pemOf } from '../../../src/certificates/key.ts';
import type { SeenRequest } from '../../support/acme-request.ts';
import type { Fault, FaultHook } from '../../support/fault.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab } from '../leak/leak-lab.ts';

let lab: LeakLab;
let authority: Authority;
/** Of a certificate that nobody here asked for. */
let strangersKey: string;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
  authority = await makeAuthority('Root X', 'Sub X');
  strangersKey = pemOf(await generateKey('ec256'));
});

afterAll(() => lab.stop());

/** The key that the customer's one open order has. */
async function orderKey({ stateDir }: Customer): Promise<string> {
  const [file = ''] = await readdir(path.join(stateDir, 'orders'));
  const text = await readFile(path.join(stateDir, 'orders', file), 'utf8');
  return text.slice(0, text.indexOf('-----BEGIN CERTIFICATE REQUEST'));
}

function chain(pem: string): Fault {
  return { type: 'change', body: () => pem };
}

/** The certificate of the first order that asks for one is `fault`, however often it is asked for. */
function ofFirst(fault: () => Promise<Fault>): FaultHook {
  let url: string | null = null;
  let made: Promise<Fault> | null = null;
  return (request: SeenRequest) => {
    if (request.kind !== 'certificate') return undefined;
    url ??= request.url;
    if (request.url !== url) return undefined;
    return (made ??= fault());
  };
}

async function forAnotherKey(): Promise<Fault> {
  return chain(await authority.issue({ names: ['site.test'], keyPem: strangersKey }));
}

/** Killed while the CA is asked for the certificate: the order is finalized, and nothing is stored. */
async function killAtCertificate(customer: Customer, fault: FaultHook): Promise<void> {
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  customer.proxy.setFault(async (request) => {
    const changed = await fault(request);
    if (request.kind === 'certificate') asked();
    return request.kind === 'certificate' ? new Promise<never>(() => undefined) : changed;
  });
  const running = customer.startIssue('site.test');
  await isAsked;
  running.kill('SIGKILL');
  await running.finished;
  customer.proxy.setFault(fault);
  customer.proxy.resetCounts();
}

function ledgerOf({ stateDir }: Customer) {
  return rawDatabase(path.join(stateDir, 'ledger.sqlite'), { fileMustExist: true });
}

function issue(customer: Customer, ...args: string[]): Promise<ProgramResult> {
  return customer.issue('site.test', ...args);
}

async function namesIn(customer: Customer): Promise<string[]> {
  const shown = await customer.run(['cert', 'show', 'site.test', '--json']);
  return (JSON.parse(shown.stdout) as { stored: { names: string[] } }).stored.names;
}

/** Each alone must get to a certificate. */
const ways: { way: string; heal: (customer: Customer) => Promise<ProgramResult> }[] = [
  { way: 'issue', heal: (customer) => issue(customer) },
  { way: 'issue --force', heal: (customer) => issue(customer, '--force') },
  { way: 'renew --all', heal: (customer) => customer.run(['renew', '--all']) },
  {
    way: 'authz clear, then renew',
    heal: async (customer) => {
      expectExit(await customer.run(['authz', 'clear']), 0);
      return customer.run(['renew']);
    },
  },
  {
    way: 'cert remove, then issue',
    heal: async (customer) => {
      expectExit(await customer.run(['cert', 'remove', 'site.test']), 0);
      return issue(customer);
    },
  },
];

const faults: { what: string; spoil: (customer: Customer) => Promise<void> }[] = [
  {
    what: 'for another key',
    spoil: (customer) => killAtCertificate(customer, ofFirst(forAnotherKey)),
  },
  {
    what: 'whose key was put in the place of another in orders/',
    spoil: async (customer) => {
      await killAtCertificate(customer, () => undefined);
      const file = path.join(customer.stateDir, 'orders', '1.pem');
      const request = (await readFile(file, 'utf8')).split(/(?=-----BEGIN CERTIFICATE REQUEST)/)[1]!;
      await writeFile(file, strangersKey + request);
    },
  },
];

describe('an order that a dead run left, with a certificate', { concurrent: true, timeout: 90_000 }, () => {
  it.for(faults.flatMap((fault) => ways.map((way) => ({ ...fault, ...way }))))(
    '$what is given up and made anew by $way',
    async ({ spoil, heal }) => {
      const customer = await lab.newCustomer();
      await spoil(customer);
      expectExit(await heal(customer), 0);
      expect(customer.proxy.counts.newOrder).toBe(1);
      expect(await namesIn(customer)).toEqual(['site.test']);
      expectExit(await customer.run(['ledger', 'check']), 0);
    },
  );
});

describe('a certificate that can not be stored', { concurrent: true, timeout: 90_000 }, () => {
  it('ends its order: the next run makes another, after the back-off, and a person at once', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('other.test', '--cert-name', 'site.test'), 0);
    customer.proxy.setFault(ofFirst(forAnotherKey));
    expectExit(
      await customer.run(['cert', 'add', 'site.test', '--challenge', 'http-01', '--hook', customer.hook]),
      0,
    );
    const failed = await customer.run(['renew', '--json']);
    expectExit(failed, 1);
    const { error } = JSON.parse(failed.stdout.split('\n')[0]!) as { error: { retryAt: string | null } };
    expect(error).toMatchObject({
      code: 'store',
      message: expect.stringContaining('another key') as unknown,
    });
    expect(error.retryAt).not.toBeNull();
    customer.proxy.resetCounts();
    expectExit(await customer.run(['renew']), 75);
    expect(customer.proxy.requests).toEqual([]);
    expectExit(await issue(customer), 0);
    expect(customer.proxy.counts.newOrder).toBe(1);
  });

  it('because its chain is broken is fetched three times, then ordered anew by the next issue', async () => {
    const customer = await lab.newCustomer();
    const others = await makeAuthority('Root X', 'Sub X');
    customer.proxy.setFault(
      ofFirst(async () => {
        const wanted = { names: ['site.test'], keyPem: await orderKey(customer) };
        const [leaf] = (await authority.issue(wanted)).split(/(?<=-----END CERTIFICATE-----\n)/);
        const [, ...strangers] = (await others.issue(wanted)).split(/(?<=-----END CERTIFICATE-----\n)/);
        return chain([leaf, ...strangers].join(''));
      }),
    );
    expectExit(await issue(customer), 1);
    expect(customer.proxy.counts.certificate).toBe(3);
    expectExit(await issue(customer), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 2, finalize: 2 });
  });

  it('because the CA answers something else is asked for again for a day, and with --force ordered anew at once', async () => {
    const [patient, forced] = [await lab.newCustomer(), await lab.newCustomer()];
    for (const customer of [patient, forced]) {
      customer.proxy.setFault(ofFirst(async () => chain('<html>Back soon</html>')));
      expectExit(await issue(customer), 1);
      expectExit(await issue(customer), 1);
      expect(customer.proxy.counts.newOrder).toBe(1);
    }
    expectExit(await issue(forced, '--force'), 0);
    const ledger = ledgerOf(patient);
    ledger.exec(
      `update orders set finalize_sent_at = strftime('%Y-%m-%dT%H:%M:%fZ', finalize_sent_at, '-1 days')`,
    );
    ledger.close();
    expectExit(await issue(patient), 0);
    for (const { proxy } of [patient, forced]) expect(proxy.counts.newOrder).toBe(2);
  });
});

describe('a certificate with names that nobody asked for', { timeout: 60_000 }, () => {
  it('is stored, with a warning, and they are shown', async () => {
    const customer = await lab.newCustomer();
    const names = ['site.test', 'www.site.test'];
    customer.proxy.setFault(
      ofFirst(async () => chain(await authority.issue({ names, keyPem: await orderKey(customer) }))),
    );
    const result = await issue(customer);
    expectExit(result, 0);
    expect(result.stderr).toMatch(/has added "www\.site\.test", which nobody asked for/);
    const shown = await customer.run(['cert', 'show', 'site.test', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      names: ['site.test'],
      leftOut: [],
      stored: { names, added: ['www.site.test'] },
    });
    const text = await customer.run(['cert', 'show', 'site.test']);
    expect(text.stdout).toMatch(/^ {2}added +www\.site\.test/m);
    expectExit(await customer.run(['ledger', 'check']), 0);
    customer.proxy.resetCounts();
    expectExit(await customer.run(['renew']), 0);
    expect(customer.proxy.counts.newOrder).toBe(0);
  });
});

describe('ledger check', { timeout: 60_000 }, () => {
  it('tells of a key in orders/ that isn’t the one that the order was finalized with', async () => {
    const customer = await lab.newCustomer();
    await killAtCertificate(customer, () => undefined);
    expectExit(await customer.run(['ledger', 'check']), 0);
    const file = path.join(customer.stateDir, 'orders', '1.pem');
    const text = await readFile(file, 'utf8');
    await writeFile(file, strangersKey + text.split(/(?=-----BEGIN CERTIFICATE REQUEST)/)[1]!);
    const check = await customer.run(['ledger', 'check', '--json']);
    expectExit(check, 1);
    expect(check.stdout).toContain('"code":"order-files-differ"');
    expectExit(await customer.run(['authz', 'clear']), 0);
    expectExit(await customer.run(['ledger', 'check']), 0);
  });
});
