import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProgramResult } from '../../support/program.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

/** Runs `issue site.test` and holds it where it asks for its certificate until `meanwhile` is over. */
async function heldIssue(
  customer: Customer,
  meanwhile: () => Promise<void>,
  args: string[] = [],
): Promise<ProgramResult> {
  let [asked, release] = [(): void => undefined, (): void => undefined];
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  let isFirst = true;
  customer.proxy.setFault(async ({ kind }) => {
    if (kind !== 'certificate' || !isFirst) return undefined;
    isFirst = false;
    asked();
    await isReleased;
    return undefined;
  });
  const running = customer.startIssue('site.test', ...args);
  await isAsked;
  try {
    await meanwhile();
  } finally {
    release();
  }
  return running.finished;
}

function add(customer: Customer, ...args: string[]): Promise<ProgramResult> {
  return customer.run([
    'cert',
    'add',
    '--cert-name',
    'site.test',
    '--challenge',
    'http-01',
    '--hook',
    customer.hook,
    ...args,
  ]);
}

async function storedNames(customer: Customer): Promise<string[]> {
  const file = path.join(customer.stateDir, 'certificates', 'site.test', 'cert.pem');
  const { subjectAltName = '' } = new X509Certificate(await readFile(file));
  return subjectAltName
    .split(', ')
    .map((name) => name.replace('DNS:', ''))
    .sort();
}

async function dueReason(customer: Customer): Promise<string | undefined> {
  const { stdout } = await customer.run(['renew', '--dry-run', '--json']);
  return (JSON.parse(stdout.split('\n')[0]!) as { reason?: string }).reason;
}

const both = ['site.test', 'www.site.test'];

describe('what is wanted changes while an attempt runs', { concurrent: true, timeout: 90_000 }, () => {
  it.for([
    { what: 'names', args: both },
    { what: 'key type', args: ['site.test', '--key-type', 'ec384'] },
  ])(
    'another $what by cert add: nothing is stored, and the next renew brings what is wanted',
    async ({ args }) => {
      const customer = await lab.newCustomer();
      const result = await heldIssue(customer, async () => {
        expectExit(await add(customer, ...args), 0);
      });
      expectExit(result, 75);
      expect(result.stderr).toMatch(/is wanted otherwise since/);
      expect(existsSync(path.join(customer.stateDir, 'certificates', 'site.test'))).toBe(false);
      expect(await dueReason(customer)).toBe('missing');
      expectExit(await customer.run(['renew']), 0);
      expect(await storedNames(customer)).toEqual(args.filter((name) => name.endsWith('.test')));
      expectExit(await customer.run(['ledger', 'check']), 0);
      customer.proxy.resetCounts();
      expectExit(await customer.run(['renew']), 0);
      expect(customer.proxy.counts.newOrder).toBe(0);
    },
  );

  it('other names by cert import over a certificate that stands: it stands, and is due', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('site.test'), 0);
    const before = await readFile(path.join(customer.stateDir, 'certificates/site.test/cert.pem'), 'utf8');
    const list = JSON.stringify({
      name: 'site.test',
      names: both,
      challenge: 'http-01',
      hook: customer.hook,
    });
    const result = await heldIssue(
      customer,
      async () => expectExit(await customer.run(['cert', 'import', '-'], { input: `${list}\n` }), 0),
      ['--force'],
    );
    expectExit(result, 75);
    expect(await readFile(path.join(customer.stateDir, 'certificates/site.test/cert.pem'), 'utf8')).toBe(
      before,
    );
    expect(await dueReason(customer)).toBe('changed');
    const shown = await customer.run(['cert', 'show', 'site.test', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      names: both,
      leftOut: ['www.site.test'],
      stored: { names: ['site.test'] },
    });
  });

  it('other names by issue: its certificate is not replaced by that of the older attempt', async () => {
    const customer = await lab.newCustomer();
    const result = await heldIssue(customer, async () => {
      expectExit(await customer.issue(...both), 0);
    });
    expectExit(result, 75);
    expect(await storedNames(customer)).toEqual(both);
    customer.proxy.resetCounts();
    expectExit(await customer.run(['renew']), 0);
    expect(customer.proxy.counts.newOrder).toBe(0);
    expectExit(await customer.run(['ledger', 'check']), 0);
  });

  it('cert remove: nothing is stored, and it stays removed', async () => {
    const customer = await lab.newCustomer();
    const result = await heldIssue(customer, async () => {
      expectExit(await customer.run(['cert', 'remove', 'site.test', '--delete-files']), 0);
    });
    expectExit(result, 75);
    expect(result.stderr).toMatch(/was removed while it was being issued/);
    expect(existsSync(path.join(customer.stateDir, 'certificates', 'site.test'))).toBe(false);
    expect((await customer.run(['cert', 'list', '--json'])).stdout).toBe('');
    expectExit(await customer.run(['ledger', 'check']), 0);
  });

  it('only how it is deployed: it is stored, and deployed in the new way', async () => {
    const customer = await lab.newCustomer();
    const deployed = path.join(customer.stateDir, 'deployed');
    const result = await heldIssue(customer, async () => {
      expectExit(await add(customer, 'site.test', '--deploy-hook', `touch ${deployed}; :`), 0);
    });
    expectExit(result, 0);
    expect(existsSync(deployed)).toBe(true);
  });
});
