import { setTimeout as delay } from 'node:timers/promises';
import { type OrderAtCa, ordersAtCa } from '../crash/accounting.ts';
import type { ProgramResult, RunningProgram } from '../support/program.ts';
import { ArrivalAudit } from './audit-arrival.ts';
import { CertificateAudit, type Report } from './audit-certificates.ts';
import type { Finding } from './audit-finding.ts';
import { differencesOf, leaksOf } from './audit-ledger.ts';
import { WireAudit } from './audit-wire.ts';
import type { PairCommand, Subject } from './commands.ts';
import { type Customer, type PairStage, maxPending, run } from './customer.ts';
import { Hold, type Point } from './hold.ts';
import type { WireEntry } from './wire.ts';
import type { World } from './world.ts';

/** A is held at a point until B has ended. */
export interface PairCase {
  world: World;
  a: PairCommand;
  b: PairCommand;
  point: Point;
}

export interface CaseResult {
  /** What A was held at; null when it has ended before it came there: timing moves points a little. */
  label: string | null;
  findings: Finding[];
  transcript: string;
}

/** B may have to wait for A, which is let go then: nobody answers a run that asks for longer than 30 s. */
const patienceMs = 15_000;

/** Such as `reuse/clear-rate/issue/request-3`. */
export function nameOf({ world, a, b, point }: PairCase): string {
  return `${world.name}/${a.name}/${b.name}/${point.what}-${point.n}`;
}

/** How many requests A sends, and how many hooks it calls, when nobody is beside it. */
export async function countPoints(
  stage: PairStage,
  world: World,
  a: PairCommand,
): Promise<{ requests: number; hooks: number }> {
  const customer = await stage.newCustomer(world);
  try {
    let requests = 0;
    customer.wire.phase = 'pair';
    customer.proxy.setFault(() => {
      requests += 1;
      return undefined;
    });
    const { exitCode, stdout, stderr } = await customer.start(a, a.subject, 'A').finished;
    if (exitCode !== 0) throw new Error(`${a.name} alone ends with ${exitCode}: ${stdout}${stderr}`);
    return { requests, hooks: (await customer.hooks.calls('A')).length };
  } finally {
    await customer.remove();
  }
}

/** Lets the two meet, and all that is done after it; then the auditor looks. */
export async function runCase(stage: PairStage, pair: PairCase): Promise<CaseResult> {
  const customer = await stage.newCustomer(pair.world);
  const meeting = new Meeting(stage, customer, pair);
  try {
    await meeting.run();
  } catch (error) {
    // A command that never ends, or a ledger that can't be read: a finding like the others.
    meeting.findings.push({ promise: 'command', text: String(error) });
  } finally {
    await customer.remove();
  }
  const { label, findings, transcript } = meeting;
  const sent = customer.wire.entries.filter(({ who }) => who === 'A' || who === 'B').map(lineOf);
  return { label, findings, transcript: [...transcript, ...sent].join('') };
}

function lineOf({ who, kind, url, status }: WireEntry): string {
  return `${who}: ${kind} ${new URL(url).pathname} ${status}\n`;
}

class Meeting {
  label: string | null = null;
  readonly findings: Finding[] = [];
  readonly transcript: string[] = [];
  private readonly reports: Report[] = [];
  private readonly stage: PairStage;
  private readonly customer: Customer;
  private readonly pair: PairCase;
  private readonly arrivals: ArrivalAudit;
  /** What `site` has when B has removed it. */
  private removed: { name: string; serial: string | null } | null = null;

  constructor(stage: PairStage, customer: Customer, pair: PairCase) {
    this.stage = stage;
    this.customer = customer;
    this.pair = pair;
    this.arrivals = new ArrivalAudit(customer, maxPending);
  }

  async run(): Promise<void> {
    const { customer, arrivals, findings } = this;
    const lateOrder = this.lateOrder();
    await this.meet();
    findings.push(
      ...leaksOf(customer, await this.ordersAtCa(), customer.leftUrls, lateOrder),
      ...(await this.certificates().afterBoth(this.reports)),
    );
    customer.wire.phase = 'afterwards';
    await this.afterwards();
    findings.push(
      ...arrivals.findings,
      ...this.wire().findings,
      ...differencesOf(customer, await this.ordersAtCa(), customer.leftUrls),
      ...(await this.inTheEnd()),
    );
  }

  private async meet(): Promise<void> {
    const { customer, pair, arrivals } = this;
    const { a: commandA, b: commandB } = pair;
    const hold = new Hold(pair.point, customer.directory);
    customer.wire.phase = 'pair';
    customer.proxy.setFault(async (request) => {
      const role = customer.wire.whoSent(request);
      arrivals.take(role, request);
      return role === 'A' ? await hold.take(request) : undefined;
    });
    const a = customer.start(commandA, commandA.subject, 'A', hold.environment());
    arrivals.begin('A', a.pid);
    await Promise.race([hold.reached, hold.untilInHook(), a.finished]);
    const b = customer.start(commandB, commandA.subject, 'B');
    arrivals.begin('B', b.pid);
    await Promise.race([b.finished, delay(patienceMs, undefined, { ref: false })]);
    if (commandB.name === 'cert-remove') await this.noteRemoved(b, commandA.subject);
    await hold.release();
    const results = await Promise.all([this.ended('A', commandA, a), this.ended('B', commandB, b)]);
    this.label = hold.label;
    this.transcript.unshift(`# A was held at: ${this.label ?? 'nothing, it had ended'}\n`);
    for (const [index, result] of results.entries()) this.noteReports(index === 0 ? 'A' : 'B', result);
  }

  private async ended(
    role: 'A' | 'B',
    command: PairCommand,
    running: RunningProgram,
  ): Promise<ProgramResult> {
    const result = await running.finished;
    this.arrivals.end(role);
    const isExpected =
      result.exitCode === 0 || result.exitCode === 75 || command.mayEndWith?.(result) === true;
    this.note(`${role}: ${command.name}`, result, isExpected);
    return result;
  }

  /** Who asks for nothing more: the certificate stays as it is by then. */
  private async noteRemoved(b: RunningProgram, name: Subject): Promise<void> {
    const [row] = this.customer.rows<{ removed_at: string | null }>(
      'select removed_at from certificates where name = ?',
      name,
    );
    if ((row?.removed_at ?? null) === null) return;
    await b.finished;
    this.removed = { name, serial: this.certificates().stored(name)?.serial ?? null };
  }

  private noteReports(who: 'A' | 'B', { stdout }: ProgramResult): void {
    for (const line of stdout.split('\n').filter((one) => one.startsWith('{'))) {
      const { status, name, certificate } = JSON.parse(line) as {
        status?: string;
        name?: string;
        certificate?: { name?: string } | null;
      };
      const of = name ?? certificate?.name;
      if (of !== undefined && (status === 'issued' || status === 'renewed'))
        this.reports.push({ who, name: of });
    }
  }

  /** What a person does who wants all to be well: nothing open, everything there, and the ledger checked. */
  private async afterwards(): Promise<void> {
    for (const args of [['authz', 'clear', '--all'], ['renew'], ['ledger', 'check']]) {
      const result = await run(this.customer, args, 'afterwards');
      this.note(args.join(' '), result, result.exitCode === 0);
    }
  }

  private async inTheEnd(): Promise<Finding[]> {
    const { customer, pair } = this;
    const audit = this.certificates();
    const revoked = [pair.a, pair.b].some(({ name }) => name === 'cert-revoke')
      ? customer.serialBefore
      : null;
    const found = await audit.inTheEnd(customer.serialBefore, revoked, await customer.hooks.deployed());
    if (this.removed === null) return found;
    const { name, serial } = this.removed;
    const now = audit.stored(name)?.serial ?? null;
    if (now === serial || this.isWantedAgain(name)) return found;
    const text = `${name} was removed; stored after that: ${now ?? 'nothing'}, before: ${serial ?? 'nothing'}`;
    return [...found, { promise: 'certificate', text }];
  }

  /** `issue` writes what it wants when it comes to it: behind the removal, then. */
  private isWantedAgain(name: string): boolean {
    const wanted = this.customer.rows(
      'select id from certificates where name = ? and removed_at is null',
      name,
    );
    return this.pair.a.name.startsWith('issue') && wanted.length > 0;
  }

  private lateOrder(): number {
    const [row] = this.customer.rows<{ id: number }>(`select id from orders where certificate_name = 'late'`);
    return row?.id ?? 0;
  }

  private ordersAtCa(): Promise<OrderAtCa[]> {
    return ordersAtCa(this.stage.pebble, this.customer);
  }

  private certificates(): CertificateAudit {
    return new CertificateAudit(this.customer, this.stage.rootPem, this.wire().certificates);
  }

  private wire(): WireAudit {
    const isAsked = [this.pair.a, this.pair.b].some(({ name }) => name === 'clear-submit');
    return new WireAudit(this.customer.wire.entries, isAsked);
  }

  private note(command: string, result: ProgramResult, isExpected: boolean): void {
    const { exitCode, signal, stdout, stderr, durationMs } = result;
    const ending = `${exitCode ?? signal ?? ''} after ${Math.round(durationMs)} ms`;
    this.transcript.push(`$ ${command}\n${stdout}${stderr}[${ending}]\n`);
    if (!isExpected) this.findings.push({ promise: 'command', text: `${command} ended with ${ending}` });
    if (/^ {4}at /m.test(stderr))
      this.findings.push({ promise: 'command', text: `${command} shows a stack` });
  }
}
