import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CountedAuthorization } from '../../test/support/authorization-census.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hasCertificate } from '../../test/crash/fleet-sites.ts';
import { runProgram } from '../../test/support/program.ts';
import { cleanEnvironment } from '../../test/support/workspace.ts';
import { type Cost, measure } from '../measured-process.ts';
import { type LimitedCa, startLimitedCa, writeFleetConfiguration } from './limited-ca.ts';
import type { FailingName, ScaleReport } from './scale-report.ts';
import { type FleetSite, type FleetSites, fleetSites } from './sites.ts';
import { shortenWaits } from './short-waits.ts';

export interface ScaleOptions {
  certificates: number;
  maxPending: number;
  concurrency: number;
  seed: number;
  /** After so long it is given up. */
  timeoutMs: number;
  signal: AbortSignal;
  say(text: string): void;
}

const program = fileURLToPath(new URL('../../bin/acme-ledger', import.meta.url));
/** The run is killed when so much of all is issued. */
const killedAt = [0.1, 0.3, 0.5];
/** Between the end of a run and the next, as a cron that is in a hurry. */
const pauseMs = 5_000;

/** A fleet is imported and renewed from cron until every name that can be proven is in its certificate. */
export async function runScale(directory: string, options: ScaleOptions): Promise<ScaleReport> {
  const fleet = fleetSites(options.certificates, options.seed);
  const webroot = path.join(directory, 'scale', 'webroot');
  await mkdir(webroot, { recursive: true });
  const ca = await startLimitedCa(fleet, webroot, options.seed);
  const ended = new AbortController();
  const stateDir = path.join(directory, 'scale', 'state');
  const patience = shortenWaits(stateDir, AbortSignal.any([ended.signal, options.signal]));
  try {
    return await new Scale(path.join(directory, 'scale'), options, fleet, ca).run();
  } finally {
    ended.abort();
    await patience;
    await ca.stop();
  }
}

class Scale {
  private readonly directory: string;
  private readonly options: ScaleOptions;
  private readonly fleet: FleetSites;
  private readonly ca: LimitedCa;
  private readonly whole = new Set<FleetSite>();
  private configuration = '';

  constructor(directory: string, options: ScaleOptions, fleet: FleetSites, ca: LimitedCa) {
    this.directory = directory;
    this.options = options;
    this.fleet = fleet;
    this.ca = ca;
  }

  async run(): Promise<ScaleReport> {
    this.configuration = await writeFleetConfiguration(this.directory, this.ca, this.options.maxPending);
    const startedAt = performance.now();
    const importing = await this.measured(['cert', 'import', await this.writeList()]);
    if (importing.exitCode !== 0) throw new Error(`cert import failed:\n${importing.output}`);
    const runs: Cost[] = [];
    const thresholds = killedAt.map((share) => Math.ceil(share * this.options.certificates));
    let kills = 0;
    while (!this.isOver() && performance.now() - startedAt < this.options.timeoutMs) {
      const threshold = thresholds[kills];
      const { cost, wasKilled } = await this.renew(threshold);
      runs.push(cost);
      if (wasKilled) kills += 1;
      this.tellOf(cost, wasKilled);
      // What was killed is started again at once.
      if (!wasKilled) await delay(pauseMs, undefined, { signal: this.options.signal });
    }
    return this.report({ importing, runs, kills, wallMs: performance.now() - startedAt });
  }

  private async renew(threshold: number | undefined): Promise<{ cost: Cost; wasKilled: boolean }> {
    const killed = new AbortController();
    const watch = setInterval(() => {
      if (threshold !== undefined && this.issued() >= threshold) killed.abort();
    }, 100);
    try {
      const args = ['renew', '--concurrency', String(this.options.concurrency), '--wait', '20s'];
      const cost = await this.measured(args, killed.signal);
      return { cost, wasKilled: cost.exitCode === 128 + 9 };
    } finally {
      clearInterval(watch);
    }
  }

  private measured(args: string[], killed?: AbortSignal): Promise<Cost> {
    const command = [program, '--config', this.configuration, ...args];
    return measure(
      { file: process.execPath, args: command, env: cleanEnvironment() },
      {
        outputFile: path.join(this.directory, 'output.txt'),
        signal: this.options.signal,
        timeoutMs: this.options.timeoutMs,
        ...(killed === undefined ? {} : { killed }),
      },
    );
  }

  private tellOf({ exitCode, wallMs, cpuMs }: Cost, wasKilled: boolean): void {
    const how = wasKilled ? 'killed' : `exit ${exitCode}`;
    const took = `${(wallMs / 1000).toFixed(0)} s, CPU ${(cpuMs / 1000).toFixed(1)} s`;
    this.options.say(`renew: ${how} after ${took}; ${this.issued()} certificates`);
  }

  private async writeList(): Promise<string> {
    const file = path.join(this.directory, 'list.csv');
    const webroot = path.join(this.directory, 'webroot');
    const rows = this.fleet.sites.map(({ names }) => `${names.join(' ')},${webroot}\n`);
    await writeFile(file, `names,webroot\n${rows.join('')}`);
    return file;
  }

  /** Certificates that the CA was asked to issue. */
  private issued(): number {
    return [...this.ca.proxy.census.orders.values()].filter(({ finalizations }) => finalizations > 0).length;
  }

  private isOver(): boolean {
    return this.missing().length === 0 && this.ca.proxy.census.open().every(isUnknownToAll);
  }

  private missing(): FleetSite[] {
    const stateDir = path.join(this.directory, 'state');
    for (const site of this.fleet.sites) {
      const { name, healthy } = site;
      if (healthy.length === 0 || this.whole.has(site)) continue;
      if (hasCertificate(stateDir, { name, names: healthy })) this.whole.add(site);
    }
    return this.fleet.sites.filter((site) => site.healthy.length > 0 && !this.whole.has(site));
  }

  private async report(
    measured: Pick<ScaleReport, 'importing' | 'runs' | 'kills' | 'wallMs'>,
  ): Promise<ScaleReport> {
    const { census, requests, counts } = this.ca.proxy;
    const failed = [...census.authorizations.values()].filter(({ status }) => status === 'invalid');
    const checked = await runProgram(['--config', this.configuration, 'ledger', 'check']);
    const answers = await readdir(path.join(this.directory, 'webroot/.well-known/acme-challenge'));
    return {
      ...measured,
      options: this.options,
      limits: this.ca.limits,
      names: this.fleet.sites.flatMap(({ names }) => names).length,
      dead: [...this.fleet.dead],
      slow: this.fleet.slow.size,
      wanted: this.fleet.sites.filter(({ healthy }) => healthy.length > 0).length,
      missing: this.missing().map(({ name }) => name),
      issued: this.issued(),
      newOrders: counts.newOrder,
      requests: requests.length,
      counts,
      faults: this.ca.faults,
      refusals: this.ca.refusals,
      mostOpen: census.mostOpen,
      pendingAtEnd: census
        .open()
        .filter((one) => !isUnknownToAll(one))
        .map(({ url, identifier }) => `${identifier?.value} ${url}`),
      unfindable: census.open().filter(isUnknownToAll).length,
      reserved: await this.reserved(),
      failing: await this.failingNames(),
      failedValidations: failed.map(({ identifier }) => identifier?.value ?? '?'),
      leftPresented: answers,
      ledgerCheck: { exitCode: checked.exitCode, text: checked.stdout + checked.stderr },
    };
  }

  /** What the gate counts of orders of which nobody knows whether the CA has them. */
  private async reserved(): Promise<number> {
    const { stdout } = await runProgram(['--config', this.configuration, 'status', '--json']);
    const { accounts } = JSON.parse(stdout) as { accounts: { gate: { reserved: number } }[] };
    return accounts.reduce((sum, { gate }) => sum + gate.reserved, 0);
  }

  private async failingNames(): Promise<FailingName[]> {
    const { stdout } = await runProgram(['--config', this.configuration, 'name', 'list', '--json']);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as FailingName);
  }
}

/**
 * Of an order whose answer was lost. After a failed order for the same names Boulder hands back none, and it has no list: such an
 * authorization can't be found by anybody, and expires by itself.
 */
function isUnknownToAll({ identifier }: CountedAuthorization): boolean {
  return identifier === undefined;
}
