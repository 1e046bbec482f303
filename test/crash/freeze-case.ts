import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { RequestKind } from '../support/acme-request.ts';
import { existingAccount } from '../support/lab-account.ts';
import { boulder } from '../support/misbehaviour/boulder.ts';
import type { ProgramResult } from '../support/program.ts';
import { ordersAtCa, pathOf } from './accounting.ts';
import { prepare } from './case.ts';
import type { Command, CrashLab, Customer } from './crash-lab.ts';
import { laterClock, startFrozen } from './freezing.ts';
import { certificateFaults, openViolations, presentedViolations, serialOf } from './inspection.ts';
import { trackOf } from './track.ts';
import type { Violation, ViolationKind } from './violation.ts';

/** Who is stopped for longer than its lease, and who works meanwhile, to the end. */
export interface FreezeScenario {
  policy: 'deactivate' | 'resume';
  challenge: 'http-01' | 'dns-01';
  frozen: 'issue' | 'renew' | 'clear';
  other: 'issue' | 'renew' | 'clear';
}

const pairs = [
  ['issue', 'issue'],
  ['issue', 'clear'],
  ['renew', 'renew'],
  ['renew', 'clear'],
  ['clear', 'issue'],
  ['clear', 'clear'],
] as const;

export const freezeScenarios: readonly FreezeScenario[] = (['deactivate', 'resume'] as const).flatMap(
  (policy) =>
    pairs.flatMap(([frozen, other]) =>
      (['http-01', 'dns-01'] as const)
        .filter((challenge) => challenge === 'http-01' || frozen !== 'clear')
        .map((challenge) => ({ policy, challenge, frozen, other })),
    ),
);

export function freezeName({ policy, challenge, frozen, other }: FreezeScenario): string {
  return `${policy}/${challenge}/${frozen} beside ${other}`;
}

export interface FreezeResult {
  n: number;
  /** Null when the run ended before the point came. */
  label: string | null;
  violations: Violation[];
  transcript: string;
}

/** What ends or spends something. */
const acts: readonly RequestKind[] = ['newOrder', 'challenge', 'finalize', 'deactivate', 'revoke'];

/** The points at which a run can be stopped: inside of a transaction it would keep everybody from writing, so nobody takes anything over. */
export async function freezePoints(lab: CrashLab, scenario: FreezeScenario): Promise<string[]> {
  return withStage(lab, scenario, async ({ customer, args }) => {
    const run = startFrozen(customer, args, 0);
    await run.isStopped;
    const result = await run.thaw();
    if (result.exitCode !== 0) throw new Error(`undisturbed, and it fails: ${result.stderr}`);
    return (await trackOf(customer)).moments;
  });
}

export function isFreezable(label: string): boolean {
  return !label.startsWith('before commit');
}

/** One run stopped at its n-th point, another that ends meanwhile, and the first goes on. */
export async function runFreezeCase(
  lab: CrashLab,
  scenario: FreezeScenario,
  n: number,
): Promise<FreezeResult> {
  return withStage(lab, scenario, async (stage) => {
    const one = new FreezeCase(lab, scenario, stage);
    try {
      await one.run(n);
    } catch (error) {
      one.violations.push({ kind: 'command', text: String(error) });
    }
    return { n, label: one.label, violations: one.violations, transcript: one.transcript.join('') };
  });
}

interface Stage {
  customer: Customer;
  /** What the run that is stopped is given. */
  args: string[];
}

/** For a clean-up: what another client left open on the account, for these names and for others, which the CA hands out again. */
async function withStage<T>(
  lab: CrashLab,
  scenario: FreezeScenario,
  act: (stage: Stage) => Promise<T>,
): Promise<T> {
  const isClear = scenario.frozen === 'clear';
  const customer = await lab.newCustomer(
    scenario,
    isClear ? boulder({ countDeactivations: false }).rules : undefined,
  );
  try {
    if (!isClear) {
      await prepare(lab, customer, { command: scenario.frozen === 'renew' ? 'renew' : 'issue' });
      return await act({ customer, args: customer.args(scenario.frozen) });
    }
    const urls = await leftByAnother(lab, customer);
    customer.proxy.resetCounts();
    const { directoryUrl } = customer.proxy;
    return await act({ customer, args: [...customer.args('clear'), '--ca', directoryUrl, ...urls] });
  } finally {
    await customer.remove();
  }
}

async function leftByAnother(lab: CrashLab, customer: Customer): Promise<string[]> {
  const registered = await customer.run('register');
  if (registered.exitCode !== 0) throw new Error(registered.stderr);
  const [row] = customer.rows<{ url: string; key_file: string }>('select url, key_file from accounts');
  const keyPem = await readFile(path.join(customer.stateDir, row?.key_file ?? ''), 'utf8');
  const server = { directoryUrl: customer.proxy.directoryUrl, caPem: lab.pebble.caPem };
  const account = existingAccount(server, keyPem, row?.url ?? '');
  const others = await account.order(`other.${customer.names[0] ?? ''}`);
  const wanted = await account.order(...customer.names);
  return [...others.authorizations, ...wanted.authorizations];
}

class FreezeCase {
  label: string | null = null;
  readonly violations: Violation[] = [];
  readonly transcript: string[] = [];
  private readonly lab: CrashLab;
  private readonly scenario: FreezeScenario;
  private readonly stage: Stage;

  constructor(lab: CrashLab, scenario: FreezeScenario, stage: Stage) {
    this.lab = lab;
    this.scenario = scenario;
    this.stage = stage;
  }

  async run(n: number): Promise<void> {
    const { customer, args } = this.stage;
    const before = existsSync(customer.certificate) ? await serialOf(customer) : null;
    const frozen = startFrozen(customer, args, n);
    const isStopped = await frozen.isStopped;
    if (!isStopped) {
      this.note('', this.scenario.frozen, await frozen.thaw(), [0]);
      return;
    }
    this.label = (await trackOf(customer)).moments[n - 1] ?? null;
    const env = await laterClock(customer);
    const beside = await customer.run(this.scenario.other, env);
    // Stopped inside of a transaction it keeps everybody from writing: nobody takes anything over.
    const isLocked = /is locked by another process/.test(beside.stderr);
    this.note('beside it', this.scenario.other, beside, isLocked ? [2, 75] : [0, 75]);
    const stored = existsSync(customer.certificate) ? await serialOf(customer) : null;
    const isNew = stored !== before;
    const seen = customer.proxy.requests.length;
    this.note('when it goes on', this.scenario.frozen, await frozen.thaw(), [0, 1, 75]);
    await this.checkWoken(seen, isNew ? stored : null);
    await this.conclude(env);
  }

  /** What it did after it was let go on. */
  private async checkWoken(seen: number, stored: string | null): Promise<void> {
    const { customer } = this.stage;
    const acted = customer.proxy.requests.slice(seen).filter(({ kind }) => acts.includes(kind));
    const taken = takenOver(customer);
    this.add(
      'not its own',
      acted
        .filter(({ kind, url }) => (kind === 'newOrder' ? stored !== null : taken.has(pathOf(url))))
        .map(({ kind, url }) => `${kind} ${url}`),
    );
    if (stored !== null) {
      const now = existsSync(customer.certificate) ? await serialOf(customer) : 'nothing';
      if (now !== stored) this.add('overwritten', [`${stored} was stored, and now ${now} is`]);
      const [row] = customer.rows<{ last_error: string | null }>('select last_error from certificates');
      if (typeof row?.last_error === 'string')
        this.add('overwritten', [`last_error over a success: ${row.last_error}`]);
    }
    this.violations.push(...(await openViolations(this.lab, customer, true)));
  }

  private async conclude(env: Record<string, string>): Promise<void> {
    const { lab, stage } = this;
    const { customer } = stage;
    for (const command of ['renew', 'clear'] as const) {
      let result = await customer.run(command, env);
      for (let round = 1; result.exitCode === 75 && round < 3; round += 1) {
        customer.change('update holds set not_before = noted_at');
        result = await customer.run(command, env);
      }
      this.note('afterwards', command, result, [0]);
    }
    const check = await customer.run('check', env);
    this.note('afterwards', 'check', check, [0]);
    const orders = await ordersAtCa(lab.pebble, customer);
    const isWanted = customer.rows('select id from certificates').length > 0;
    this.violations.push(
      ...(await openViolations(lab, customer, false)),
      ...(await presentedViolations(customer)),
      ...(await certificateFaults(lab, customer, isWanted)),
    );
    const submitted = new Set(
      [...customer.proxy.census.authorizations.values()].flatMap(({ url, submissions }) =>
        submissions > 0 ? [pathOf(url)] : [],
      ),
    );
    const proven = new Set(
      orders
        .filter(({ status }) => status === 'valid')
        .flatMap((order) => order.authorizations.map((one) => one.path)),
    );
    const ended = orders
      .flatMap(({ authorizations }) => authorizations)
      .filter(({ status, path: one }) => status === 'deactivated' && (submitted.has(one) || proven.has(one)));
    this.add('thrown away', [...new Set(ended.map((one) => `${one.path} was deactivated`))]);
    const twice = [...customer.proxy.census.authorizations.values()].filter(
      ({ submissions }) => submissions > 1,
    );
    this.add(
      'submitted twice',
      twice.map(({ url }) => url),
    );
    const left = customer.rows<object>(
      'select id, status, run_id from orders where concluded_at is null or run_id is not null',
    );
    this.add(
      'state',
      left.map((row) => `an order is unfinished: ${JSON.stringify(row)}`),
    );
  }

  private add(kind: ViolationKind, texts: readonly string[]): void {
    this.violations.push(...texts.map((text) => ({ kind, text })));
  }

  private note(when: string, command: Command, result: ProgramResult, expected: readonly number[]): void {
    const { exitCode, signal, stdout, stderr, durationMs } = result;
    const ending = `${exitCode ?? signal ?? ''} after ${Math.round(durationMs)} ms`;
    this.transcript.push(`$ ${command}   # ${when}\n${stdout}${stderr}[${ending}]\n`);
    if (exitCode === null || !expected.includes(exitCode))
      this.add('command', [`${command} ended with ${ending}`]);
  }
}

/** Paths of all that belongs to orders which one run took over from another. */
function takenOver(customer: Customer): Set<string> {
  const orders = customer.rows<{ url: string | null; finalize_url: string | null }>(
    `select url, finalize_url from orders where id in (${takenOrders})`,
  );
  const authorizations = customer.rows<{ url: string; challenge_url: string | null }>(
    `select url, challenge_url from authorizations where id in
       (select authorization_id from order_authorizations where order_id in (${takenOrders}))`,
  );
  const urls = [
    ...orders.flatMap(({ url, finalize_url }) => [url, finalize_url]),
    ...authorizations.flatMap(({ url, challenge_url }) => [url, challenge_url]),
  ];
  return new Set(urls.flatMap((url) => (url === null ? [] : [pathOf(url)])));
}

const takenOrders = `select order_id from events where kind = 'order-taken-over' and json_extract(data, '$.from') is not null`;
