import { Resolver } from 'node:dns/promises';
import { writeFile, chmod } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningProgram } from '../../support/program.ts';
import type { SeenRequest } from '../../support/acme-request.ts';
import type { Fault } from '../../support/fault.ts';
import { type Customer, type LeakLab, expectExit, jsonLines, startLeakLab, until } from './leak-lab.ts';
import { anyText, like } from './leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

async function kill(running: RunningProgram): Promise<void> {
  running.kill('SIGKILL');
  expect((await running.finished).signal).toBe('SIGKILL');
}

/** The answer to the first such request comes only when the program is dead. */
function holdAnswer(kind: SeenRequest['kind'], ms = 3_000): (request: SeenRequest) => Fault | undefined {
  return (request) => (request.kind === kind ? { type: 'delay', ms, what: 'answer' } : undefined);
}

/** Runs `issue` until the CA has answered such a request, and kills it before it sees the answer. */
async function killBeforeAnswer(
  customer: Customer,
  kind: SeenRequest['kind'],
  ...names: string[]
): Promise<void> {
  customer.proxy.setFault(holdAnswer(kind));
  const running = customer.startIssue(...names);
  await until(`the CA has answered ${kind}`, () =>
    customer.proxy.requests.some((one) => one.kind === kind && (one.status ?? 999) < 300),
  );
  await kill(running);
  customer.proxy.setFault();
  customer.proxy.resetCounts();
}

const nothing = { newOrder: 0, challenge: 0, finalize: 0, deactivate: 0 };

/** What the CA was asked to do since the kill. */
function done(customer: Customer): typeof nothing {
  const { newOrder, challenge, finalize, deactivate } = customer.taken();
  return { newOrder, challenge, finalize, deactivate };
}

describe('a run killed in the middle of solving', { concurrent: true, timeout: 180_000 }, () => {
  it('leaves a webroot file and pending authorizations, which "authz clear" takes away', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('good.test', 'hang.test');
    await until('both answers are up', async () => (await customer.presented()).length === 2);
    await kill(running);
    expect(await customer.atCa()).toEqual({ 'good.test': 'pending', 'hang.test': 'pending' });
    expect(await customer.listed('--unsubmitted')).toHaveLength(2);
    const dryRun = await customer.run(['authz', 'clear', '--dry-run', '--json']);
    expectExit(dryRun, 0);
    expect(jsonLines(dryRun)).toEqual([
      like({ action: 'would-deactivate', before: 'pending', after: 'pending' }),
      like({ action: 'would-deactivate', before: 'pending', after: 'pending' }),
      like({
        summary: {
          seen: 2,
          pending: 2,
          deactivated: 0,
          submitted: 0,
          refused: 0,
          failed: 0,
          gone: 0,
          foreign: 0,
          otherRuns: 0,
        },
        costs: [like({ authorizations: 2, requests: 2, failedValidations: 0, later: [] })],
      }),
    ]);
    expect((await customer.run(['authz', 'clear', '--dry-run'])).stdout).toMatch(
      /\n2 seen, 2 would be deactivated, .*\nit costs 2 requests at https:.*; none is counted as a failed validation/,
    );
    expect(customer.proxy.counts.deactivate).toBe(0);
    expect(await customer.presented()).toHaveLength(2);

    const clear = await customer.run(['authz', 'clear', '--json']);
    expectExit(clear, 0);
    expect(jsonLines<{ summary?: object }>(clear).at(-1)).toMatchObject({
      summary: {
        seen: 2,
        pending: 0,
        deactivated: 2,
        submitted: 0,
        refused: 0,
        failed: 0,
        gone: 0,
        foreign: 0,
        otherRuns: 0,
      },
    });
    expect(await customer.atCa()).toEqual({ 'good.test': 'deactivated', 'hang.test': 'deactivated' });
    expect(await customer.presented()).toEqual([]);
    expect(await customer.listed('--status', 'pending')).toEqual([]);
    const again = await customer.run(['authz', 'clear', '--json']);
    expect(jsonLines(again)).toMatchObject([{ summary: { seen: 0 } }]);
  });

  it('ends "authz clear" with 1 while an answer can not be taken down, and the next one takes it down', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('stuck.test');
    await until('its answer is up', async () => (await customer.presented()).length === 1);
    await kill(running);
    const stuck = await customer.run(['authz', 'clear']);
    expectExit(stuck, 1);
    expect(stuck.stderr).toMatch(/zone is locked/);
    expect(stuck.stderr).toMatch(/^error: 1 answer to challenges could not be taken down/m);
    expect(await customer.atCa()).toEqual({ 'stuck.test': 'deactivated' });
    expect((await customer.hookCalls()).filter((call) => call === 'cleanup stuck.test')).toHaveLength(1);
    await customer.mendHook();
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.presented()).toEqual([]);
  });

  it('leaves a TXT value, which "authz clear" takes away', async () => {
    const customer = await lab.newCustomer();
    const hook = await txtHook(customer);
    const args = [
      'issue',
      '--agree-tos',
      '--hook',
      hook,
      '--propagation-timeout',
      '0',
      'txt.test',
      '*.txt.test',
    ];
    const running = customer.start([...args, '--hook-concurrency', '2']);
    await until('both values are up', async () => (await txtValues('_acme-challenge.txt.test')).length === 2);
    await kill(running);
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.atCa()).toEqual({ 'txt.test': 'deactivated', '*.txt.test': 'deactivated' });
    expect(await txtValues('_acme-challenge.txt.test')).toEqual([]);
  });

  it('is settled by the next "issue" for other names', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('hang.test');
    await until('the answer is up', async () => (await customer.presented()).length === 1);
    await kill(running);
    expectExit(await customer.issue('good.test'), 0);
    expect(await customer.atCa()).toEqual({ 'hang.test': 'deactivated', 'good.test': 'valid' });
    expect(await customer.presented()).toEqual([]);
  });

  it('leaves alone what "authz clear --older-than" is not asked for', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('hang.test');
    await until('the answer is up', async () => (await customer.presented()).length === 1);
    await kill(running);
    expectExit(await customer.run(['authz', 'clear', '--older-than', '1h']), 0);
    expect(await customer.atCa()).toEqual({ 'hang.test': 'pending' });
    expectExit(await customer.run(['authz', 'clear', '--older-than', '0s']), 0);
    expect(await customer.atCa()).toEqual({ 'hang.test': 'deactivated' });
  });
});

describe(
  'a run killed at another moment is taken up by the next issue',
  { concurrent: true, timeout: 180_000 },
  () => {
    it('newOrder sent, its answer never read: the order is found in the list of the account', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'newOrder', 'one.test', 'two.test');
      expectExit(await customer.issue('one.test', 'two.test'), 0);
      expect(done(customer)).toEqual({ ...nothing, challenge: 2, finalize: 1 });
      expect(await customer.atCa()).toEqual({ 'one.test': 'valid', 'two.test': 'valid' });
    });

    it('newOrder sent, its answer never read: "authz clear" finds and reports what it opened', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'newOrder', 'one.test', 'two.test');
      const clear = await customer.run(['authz', 'clear', '--json']);
      expectExit(clear, 0);
      expect(await customer.atCa()).toEqual({ 'one.test': 'deactivated', 'two.test': 'deactivated' });
      expect(jsonLines<object>(clear).at(-1)).toMatchObject({ summary: { deactivated: 2, pending: 0 } });
      const [status] = jsonLines<{ accounts: object[] }>(await customer.run(['status', '--json']));
      expect(status?.accounts[0]).toMatchObject({ gate: { pending: 0, reserved: 0 } });
    });

    it('authorizations not fetched', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'authz', 'one.test');
      expectExit(await customer.issue('one.test'), 0);
      expect(done(customer)).toEqual({ ...nothing, challenge: 1, finalize: 1 });
    });

    it('challenge sent, its answer never read: it is not sent again, and never deactivated', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'challenge', 'one.test');
      expectExit(await customer.issue('one.test'), 0);
      expect(done(customer)).toEqual({ ...nothing, finalize: 1 });
      expect(await customer.listed()).toMatchObject([{ status: 'valid' }]);
      expect(await customer.presented()).toEqual([]);
    });

    it('submitted and polled', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'order', 'one.test');
      expectExit(await customer.issue('one.test'), 0);
      expect(done(customer)).toEqual({ ...nothing, finalize: 1 });
      expect(await customer.listed()).toMatchObject([
        { identifier: 'one.test', status: 'valid', challenge: 'submitted' },
      ]);
      expect(await customer.presented()).toEqual([]);
    });

    it('finalize sent, its answer never read: no second finalize', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'finalize', 'one.test');
      expectExit(await customer.issue('one.test'), 0);
      expect(done(customer)).toEqual(nothing);
      expect(await customer.listed()).toMatchObject([{ status: 'valid' }]);
    });

    it('certificate issued, not stored: it is downloaded, never ordered again', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'certificate', 'one.test');
      const issued = await customer.issue('--json', 'one.test');
      expectExit(issued, 0);
      expect(done(customer)).toEqual(nothing);
      expect(JSON.parse(issued.stdout)).toMatchObject({
        status: 'issued',
        certificate: { names: ['one.test'] },
      });
    });

    it('certificate issued, not stored, and an issue for other names: it is downloaded on the way', async () => {
      const customer = await lab.newCustomer();
      await killBeforeAnswer(customer, 'certificate', 'one.test');
      expectExit(await customer.issue('two.test'), 0);
      customer.proxy.resetCounts();
      const listed = await customer.run(['cert', 'list', '--json']);
      expect(jsonLines(listed)).toContainEqual(like({ name: 'one.test', storedAt: anyText }));
      expectExit(await customer.issue('one.test'), 0);
      expect(done(customer)).toEqual(nothing);
    });
  },
);

/** A hook for dns-01 in lego's style; challtestsrv forgets all values of a name at once. */
async function txtHook({ hook }: Customer): Promise<string> {
  const file = path.join(path.dirname(hook), 'txt-hook.sh');
  const url = lab.pebble.challtestsrv.managementUrl;
  await writeFile(
    file,
    `#!/bin/sh
if [ "$1" = present ]; then
  node -e 'fetch(process.argv[1]+"/set-txt",{method:"POST",body:JSON.stringify({host:process.argv[2],value:process.argv[3]})})' '${url}' "$2" "$3"
  exec sleep 20
fi
exec node -e 'fetch(process.argv[1]+"/clear-txt",{method:"POST",body:JSON.stringify({host:process.argv[2]})})' '${url}' "$2"
`,
  );
  await chmod(file, 0o755);
  return file;
}

async function txtValues(name: string): Promise<string[][]> {
  const resolver = new Resolver();
  resolver.setServers([lab.pebble.dnsAddress]);
  return await resolver.resolveTxt(name).catch(() => []);
}
