import { isLostAtPebble } from '../support/pebble-serial.ts';
import type { ProgramResult } from '../support/program.ts';
import { ordersAtCa } from './accounting.ts';
import type { CrashLab, Customer } from './crash-lab.ts';
import type { Disturbance } from './disturbance.ts';
import {
  type Before,
  certificateFaults,
  finalViolations,
  openViolations,
  presentedViolations,
  serialOf,
} from './inspection.ts';
import type { Scenario } from './scenario.ts';
import { type Track, trackOf } from './track.ts';
import type { Violation } from './violation.ts';

export interface CaseResult {
  /** What the n-th point was; null when the run ended before it came: timing moves points a little. */
  label: string | null;
  violations: Violation[];
  /** The commands and what they printed. */
  transcript: string;
}

const preload = new URL('points-preload.mjs', import.meta.url).href;
const roundsMax = 3;
const dayMs = 86_400_000;

/** The track of a run that nothing disturbs. */
export async function undisturbedTrack(lab: CrashLab, scenario: Scenario): Promise<Track> {
  return withCustomer(lab, scenario, async (customer) => {
    await prepare(lab, customer, scenario);
    const result = await customer.run(scenario.command, countingEnvironment(customer));
    if (result.exitCode !== 0) throw new Error(`undisturbed, and it fails: ${result.stderr}`);
    return trackOf(customer);
  });
}

/** One disturbance at the n-th point, from 1, and what comes after it. */
export async function runCase(
  lab: CrashLab,
  scenario: Scenario,
  disturbance: Disturbance,
  n: number,
): Promise<CaseResult> {
  return withCustomer(lab, scenario, async (customer) => {
    const before = await prepare(lab, customer, scenario);
    const one = new Case(lab, customer, scenario, disturbance);
    try {
      await one.run(n, before);
    } catch (error) {
      // A command that never ends, or a ledger that can't be read: a finding like the others.
      one.violations.push({ kind: 'command', text: String(error) });
    }
    return { label: one.label, violations: one.violations, transcript: one.transcript.join('') };
  });
}

class Case {
  label: string | null = null;
  readonly violations: Violation[] = [];
  readonly transcript: string[] = [];
  private readonly lab: CrashLab;
  private readonly customer: Customer;
  private readonly scenario: Scenario;
  private readonly disturbance: Disturbance;

  constructor(lab: CrashLab, customer: Customer, scenario: Scenario, disturbance: Disturbance) {
    this.lab = lab;
    this.customer = customer;
    this.scenario = scenario;
    this.disturbance = disturbance;
  }

  async run(n: number, before: Before): Promise<void> {
    await this.disturb(n);
    this.label = this.disturbance.points(await trackOf(this.customer))[n - 1] ?? null;
    if (this.scenario.afterwards === 'clear') await this.clear();
    await this.obtain();
    await this.conclude(before);
  }

  private async disturb(n: number): Promise<void> {
    const { customer, scenario, disturbance } = this;
    const env = { ...countingEnvironment(customer), ...disturbance.arrange(customer, n) };
    const result = await customer.run(scenario.command, env);
    customer.proxy.setFault();
    this.note(scenario.command, result, disturbance.mayEndWith(result));
    const stood = scenario.command === 'renew' || result.exitCode === 0;
    this.violations.push(...(await certificateFaults(this.lab, customer, stood)));
    if (disturbance.kind === 'kill') return;
    const mayWait = scenario.policy === 'resume' || disturbance.kind !== 'signal';
    await this.checkBetween(mayWait);
  }

  private async clear(): Promise<void> {
    const result = await this.customer.run('clear');
    this.note('clear', result, result.exitCode === 0);
    await this.checkBetween(this.scenario.policy === 'resume');
  }

  /** The ordinary next run; when nobody knows of the certificate yet, the person issues it again. */
  private async obtain(): Promise<void> {
    await this.inTime('renew');
    if (this.customer.rows('select id from certificates').length > 0) return;
    if (this.customer.proxy.counts.newOrder > 0)
      this.violations.push({ kind: 'state', text: 'ordered, and the ledger knows of no certificate' });
    await this.inTime('issue');
  }

  /** Once more when the CA asked for a wait, whose time passes in the ledger only. */
  private async inTime(command: 'renew' | 'issue'): Promise<void> {
    let result = await this.customer.run(command);
    for (let round = 1; result.exitCode === 75 && round < roundsMax; round += 1) {
      this.note(command, result, true);
      this.customer.change('update holds set not_before = noted_at');
      result = await this.customer.run(command);
    }
    this.note(command, result, result.exitCode === 0);
  }

  private async conclude(before: Before): Promise<void> {
    const { scenario, disturbance } = this;
    const check = await this.customer.run('check');
    this.note('ledger check', check, check.exitCode === 0);
    const mayOrderAgain =
      scenario.afterwards === 'clear' || (scenario.policy === 'deactivate' && disturbance.kind !== 'kill');
    this.violations.push(...(await finalViolations(this.lab, this.customer, before, mayOrderAgain)));
  }

  private async checkBetween(mayWait: boolean): Promise<void> {
    this.violations.push(
      ...(await openViolations(this.lab, this.customer, mayWait)),
      ...(await presentedViolations(this.customer)),
    );
  }

  private note(command: string, result: ProgramResult, isExpected: boolean): void {
    const { exitCode, signal, stdout, stderr, durationMs } = result;
    const ending = `${exitCode ?? signal ?? ''} after ${Math.round(durationMs)} ms`;
    this.transcript.push(`$ ${command}\n${stdout}${stderr}[${ending}]\n`);
    if (!isExpected) this.violations.push({ kind: 'command', text: `${command} ended with ${ending}` });
  }
}

async function withCustomer<T>(
  lab: CrashLab,
  scenario: Scenario,
  act: (customer: Customer) => Promise<T>,
): Promise<T> {
  const customer = await lab.newCustomer(scenario);
  try {
    return await act(customer);
  } finally {
    await customer.remove();
  }
}

/** For `renew`: a certificate that has ten of its ninety days left. */
export async function prepare(
  lab: CrashLab,
  customer: Customer,
  { command }: Pick<Scenario, 'command'>,
): Promise<Before> {
  if (command === 'issue') return { orders: new Set(), serial: null };
  do {
    // Again, as if it were wanted otherwise.
    customer.change('update certificates set order_id = null');
    const issued = await customer.run('issue');
    if (issued.exitCode !== 0) throw new Error(`undisturbed, and it fails: ${issued.stderr}`);
  } while (isLostAtPebble(await serialOf(customer)));
  const [from, to] = [-80 * dayMs, 10 * dayMs].map((ms) => new Date(Date.now() + ms).toISOString());
  customer.change('update certificates set not_before = ?, not_after = ?', from ?? '', to ?? '');
  const orders = (await ordersAtCa(lab.pebble, customer)).map((order) => order.path);
  customer.proxy.resetCounts();
  return { orders: new Set(orders), serial: await serialOf(customer) };
}

function countingEnvironment({ directory, pointsFile }: Customer): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${preload}`,
    CRASH_DIRECTORY: directory,
    CRASH_POINTS: pointsFile,
  };
}
