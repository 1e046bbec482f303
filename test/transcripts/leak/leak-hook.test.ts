import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LeakLab, expectExit, jsonLines, startLeakLab } from './leak-lab.ts';
import { like } from './leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_AUTHZREUSE: '100' });
});

afterAll(() => lab.stop());

const nine = Array.from({ length: 9 }, (_, index) => `good-${index + 1}.test`);
const ten = [...nine.slice(0, 4), 'bad.test', ...nine.slice(4)];
const allNineAre = (status: string) => Object.fromEntries(nine.map((name) => [name, status]));

interface Report {
  status: string;
  order: { id: number; url: string; status: string } | null;
  error: { code: string; message: string; problem: { type: string } | null; retryAt: string | null } | null;
}

describe('a hook that fails for one of ten names', { concurrent: true }, () => {
  it('leaves nothing pending, and the other nine cost nothing the next time', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    const failed = await customer.issue('--json', ...ten);
    expectExit(failed, 1);
    const [report] = jsonLines<Report>(failed);
    expect(report).toMatchObject({ status: 'failed', certificate: null, error: { code: 'solver' } });
    expect(report?.error?.message).toMatch(/bad\.test.*exit code 3: no zone for bad\.test/);
    const expected = { ...allNineAre('valid'), 'bad.test': 'deactivated' };
    expect(await customer.atCa()).toEqual(expected);
    const listed = await customer.listed();
    expect(Object.fromEntries(listed.map((one) => [one.identifier, one.status]))).toEqual(expected);
    expect(await customer.presented()).toEqual([]);
    expect(proxy.census.unsubmitted()).toEqual([]);

    proxy.resetCounts();
    expectExit(await customer.issue(...nine), 0);
    expect(customer.taken()).toMatchObject({ newOrder: 1, challenge: 0, deactivate: 0, finalize: 1 });
    expect(proxy.census.open()).toEqual([]);
  });

  it('is resumed under the policy "resume": the same order, and only what is missing is submitted', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    const failed = await customer.issue('--on-unsubmitted', 'resume', '--json', ...ten);
    expectExit(failed, 1);
    const [report] = jsonLines<Report>(failed);
    expect(report?.order).toMatchObject({ status: 'pending' });
    expect(await customer.atCa()).toEqual({ ...allNineAre('valid'), 'bad.test': 'pending' });
    expect(await customer.presented()).toEqual([]);
    const [status] = jsonLines<{ accounts: { gate: object }[] }>(await customer.run(['status', '--json']));
    expect(status?.accounts[0]?.gate).toMatchObject({ pending: 1, unsubmitted: 1, reserved: 0 });

    const clear = await customer.run(['authz', 'clear', '--json']);
    expectExit(clear, 0);
    expect(jsonLines(clear)).toEqual([
      like({
        identifier: 'bad.test',
        before: 'pending',
        action: 'resumable',
        after: 'pending',
      }),
      like({ summary: like({ seen: 1, pending: 1, deactivated: 0, failed: 0 }) }),
    ]);
    expect(proxy.counts.deactivate).toBe(0);

    await customer.mendHook();
    proxy.resetCounts();
    const resumed = await customer.issue('--on-unsubmitted', 'resume', '--json', ...ten);
    expectExit(resumed, 0);
    expect(jsonLines<Report>(resumed)[0]?.order).toMatchObject({
      id: report?.order?.id,
      url: report?.order?.url,
    });
    expect(proxy.counts).toMatchObject({ newOrder: 0, deactivate: 0 });
    // A challenge whose nonce was rejected is sent again.
    expect(new Set(challengesPosted(proxy.requests)).size).toBe(1);
    expect(await customer.hookCalls()).toHaveLength(10 + 10 + 2);
    expect(await customer.atCa()).toEqual({ ...allNineAre('valid'), 'bad.test': 'valid' });
  });

  it('is deactivated by "authz clear --all", which takes what is kept, too', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'good.test', 'bad.test'), 1);
    const clear = await customer.run(['authz', 'clear', '--all', '--json', '--on-unsubmitted', 'resume']);
    expectExit(clear, 0);
    expect(jsonLines(clear)).toEqual([
      like({ identifier: 'bad.test', action: 'deactivated', after: 'deactivated' }),
      like({ summary: like({ seen: 1, pending: 0, deactivated: 1 }) }),
    ]);
    expect(await customer.atCa()).toEqual({ 'good.test': 'valid', 'bad.test': 'deactivated' });
    customer.proxy.resetCounts();
    await customer.mendHook();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'good.test', 'bad.test'), 0);
    expect(customer.proxy.counts.newOrder).toBeGreaterThan(0);
  });
});

describe('a hook that does not end', { concurrent: true }, () => {
  it('is stopped after its time-out, its answer is taken down and its authorization deactivated', async () => {
    const customer = await lab.newCustomer();
    const failed = await customer.issue('--hook-timeout', '1s', 'good.test', 'hang.test');
    expectExit(failed, 1);
    expect(failed.stderr).toMatch(/hang\.test.*didn't end within 1 s/);
    expect(await customer.atCa()).toEqual({ 'good.test': 'valid', 'hang.test': 'deactivated' });
    expect(await customer.presented()).toEqual([]);
    expect(await customer.hookCalls()).toContain('cleanup hang.test');
  });
});

describe('a name that the CA finds invalid', { concurrent: true }, () => {
  it('is named with the reason, recorded, and counted; the others become valid', async () => {
    const customer = await lab.newCustomer();
    const failed = await customer.issue('--json', 'good-1.test', 'wrong.test', 'good-2.test');
    expectExit(failed, 1);
    const [report] = jsonLines<Report>(failed);
    expect(report?.error).toMatchObject({
      code: 'authorization-invalid',
      problem: { type: 'urn:ietf:params:acme:error:unauthorized' },
    });
    expect(report?.error?.message).toMatch(/^wrong\.test: .*key authorization/i);
    expect(report?.order).toMatchObject({ status: 'invalid' });
    expect(failed.stderr).toMatch(/^error: wrong\.test: /m);
    const expected = { 'good-1.test': 'valid', 'wrong.test': 'invalid', 'good-2.test': 'valid' };
    expect(await customer.atCa()).toEqual(expected);
    const listed = await customer.listed();
    expect(Object.fromEntries(listed.map((one) => [one.identifier, one.status]))).toEqual(expected);
    const invalid = listed.find(({ identifier }) => identifier === 'wrong.test');
    expect(invalid).toMatchObject({
      challenge: 'submitted',
      error: { code: 'authorization-invalid', problem: { type: 'urn:ietf:params:acme:error:unauthorized' } },
    });
    const [status] = jsonLines<{ accounts: object[] }>(await customer.run(['status', '--json']));
    expect(status?.accounts[0]).toMatchObject({ failingNames: 1, gate: { pending: 0, reserved: 0 } });
    expect(await customer.presented()).toEqual([]);
  });

  it('leaves nothing of its order to resume: what was not submitted is deactivated under either policy', async () => {
    const customer = await lab.newCustomer();
    const failed = await customer.issue('--on-unsubmitted', 'resume', 'good.test', 'wrong.test', 'bad.test');
    expectExit(failed, 1);
    // RFC 8555 §7.1.6: the order is invalid, so nobody can ever take it up again.
    expect(await customer.atCa()).toEqual({
      'good.test': 'valid',
      'wrong.test': 'invalid',
      'bad.test': 'deactivated',
    });
    expect(await customer.listed('--status', 'pending')).toEqual([]);
  });
});

function challengesPosted(requests: { kind: string; url: string }[]): string[] {
  return requests.filter(({ kind }) => kind === 'challenge').map(({ url }) => url);
}
