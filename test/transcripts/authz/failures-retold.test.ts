import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SeenRequest } from '../../support/acme-request.ts';
import type { Fault } from '../../support/fault.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { startOnTerminal } from '../../support/terminal.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab } from '../leak/leak-lab.ts';

let lab: LeakLab;
let customer: Customer;

beforeAll(async () => {
  lab = await startLeakLab();
  customer = await lab.newCustomer();
  const names = ['bad-1.test', 'bad-2.test', 'bad-3.test', 'bad-4.test', 'bad-5.test'];
  expectExit(await customer.issue('--on-unsubmitted', 'resume', ...names), 1);
}, 60_000);

afterAll(() => lab.stop());

const busy: Fault = {
  type: 'answer',
  status: 400,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: 'urn:ietf:params:acme:error:malformed', detail: 'this shard is being moved', status: 400 },
  withNonce: true,
};

/** The CA refuses to tell of all authorizations but the last of those that it made. */
function failAllButTheLast({ proxy }: Customer): void {
  const last = [...proxy.census.authorizations.keys()].at(-1) ?? '';
  proxy.setFault(({ kind, url }: SeenRequest) =>
    (kind === 'authz' || kind === 'authzPoll') && new URL(url).pathname !== new URL(last).pathname
      ? busy
      : undefined,
  );
}

async function onTerminal(columns: number, ...command: string[]): Promise<string[]> {
  const { proxy, stateDir } = customer;
  const where = ['--state-dir', stateDir, '--ca', proxy.directoryUrl, '--ca-file', lab.pebble.caFile];
  const session = startOnTerminal([...where, ...command], { columns });
  expect(await session.finished).toBe(1);
  expect(session.progressRows()).toBeLessThanOrEqual(1);
  return session.lines();
}

const reason = /^error: 4 \S+ \(bad-\d\.test, bad-\d\.test, bad-\d\.test …\): failed: .*being moved/;

it('authz clear tells them again above its sums, and nothing twice in a pipe or as JSON', async () => {
  failAllButTheLast(customer);
  const clear = ['authz', 'clear', '--all', '--concurrency', '1', '--dry-run'];
  const lines = await onTerminal(80, ...clear);
  expect(lines.filter((line) => line.startsWith('failed '))).toHaveLength(4);
  const again = lines.findIndex((line) => reason.test(line));
  expect(lines[again + 1]).toBe('hint: the same command tries again');
  expect(lines[again + 2]).toMatch(/^5 seen, 1 would be deactivated, .* 4 failed$/);
  expect((await onTerminal(80, ...clear, '--json')).join('\n')).not.toContain('tries again');
  const piped = await customer.run(clear);
  expectExit(piped, 1);
  expect(piped.stdout + piped.stderr).not.toContain('tries again');
});

it('tells nothing again where the failures are the last lines anyway', async () => {
  customer.proxy.setFault(({ kind }) => (kind === 'authz' || kind === 'authzPoll' ? busy : undefined));
  const lines = await onTerminal(80, 'authz', 'clear', '--all', '--dry-run');
  expect(lines.filter((line) => line.startsWith('failed '))).toHaveLength(5);
  expect(lines.join('\n')).not.toContain('tries again');
});

it.each([60, 80, 160])(
  'authz sync tells its failures again above its sum, on %i columns',
  async (columns) => {
    failAllButTheLast(customer);
    // The last one was closed behind the ledger's back, which is told after the failures.
    const account = await customer.account();
    const last = [...customer.proxy.census.authorizations.keys()].at(-1) ?? '';
    await account.post(last, { status: 'deactivated' });
    const ledger = rawDatabase(path.join(customer.stateDir, 'ledger.sqlite'));
    ledger.exec("update authorizations set status = 'pending' where status = 'deactivated'");
    ledger.close();
    const lines = await onTerminal(columns, 'authz', 'sync', '--concurrency', '1');
    expect(lines.filter((line) => line.startsWith('failed '))).toHaveLength(4);
    const [again, hint, sum] = lines.slice(-3);
    expect(again).toMatch(reason);
    expect(hint).toBe('hint: the same command tries again');
    expect(sum).toMatch(/^5 authorizations and 1 orders compared, .* 4 could not be asked for$/);
  },
);
