import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { NamedFault } from '../support/misbehaviour/fault-catalogue.ts';
import { randomFaults } from '../support/misbehaviour/random-faults.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { type AcmeProxy, startProxy } from '../support/proxy.ts';
import { queried } from '../support/raw-database.ts';
import type { CaRule } from '../support/ruled-ca.ts';
import { serveWebroot } from '../support/webroot-server.ts';
import { type Workspace, newWorkspace } from '../support/workspace.ts';
import { type Site, hasCertificate, sitesOf } from './fleet-sites.ts';

export interface FleetOptions {
  orders: number;
  /** At one time, all on one ledger. */
  processes: number;
  maxPending: number;
  /** Of all requests, from 0 to 1. */
  faultShare: number;
  catalogue: NamedFault[];
  /** What the CA does otherwise than Pebble. */
  rules?: CaRule[];
  seed: number;
  /** Runs of each process after its first orders, as from a cron; the fleet ends when there is nothing left to do. */
  roundsMax: number;
}

/** What became of the fleet, by the proxy's own account of the CA. */
export interface FleetReport {
  orders: number;
  rounds: number;
  requests: number;
  faults: ReadonlyMap<string, number>;
  /** Authorizations open at one time, and at the end. */
  mostOpen: number;
  pendingAtEnd: string[];
  /** Names of certificates that could be issued and aren't there, and of those that are there and can't be. */
  missing: string[];
  impossible: string[];
  issued: number;
  wanted: number;
  /** Sets of names for which more than one certificate was paid for. */
  paidTwice: string[];
  /** Authorizations with more than one challenge POST that the CA looked at. */
  submittedTwice: string[];
  /** Answers that nobody took down. */
  presented: string[];
  /** How the program ended, and how often; what it said where that is a bug. */
  exits: ReadonlyMap<string, number>;
  bugs: string[];
  seconds: number;
}

/** Whatever the slowest fault holds up has come to the CA after so long. */
const arrivedMs = 15_000;

/** Processes that share a ledger get certificates from a CA that is out of order, and come back as often as a cron would. */
export async function runFleet(options: FleetOptions): Promise<FleetReport> {
  const pebble = await startPebble({
    env: {
      // Three orders on a page would be many requests to go wrong for who looks for a lost one.
      PEBBLE_WFE_ORDERS_PER_PAGE: '1000',
      // The nonces that go wrong are among the faults, which are counted.
      PEBBLE_WFE_NONCEREJECT: '0',
    },
  });
  const workspace = await newWorkspace();
  const webServer = await serveWebroot(workspace.webroot, pebble.httpPort);
  const { counts, hook } = randomFaults({ ...options, share: options.faultShare });
  const proxy = await startProxy({
    directoryUrl: pebble.directoryUrl,
    fault: hook,
    rules: options.rules ?? [],
  });
  try {
    const fleet = new Fleet(options, pebble, proxy, workspace);
    return { ...(await fleet.run()), faults: counts };
  } finally {
    await proxy.stop();
    await webServer.stop();
    await pebble.stop();
    await workspace.remove();
  }
}

class Fleet {
  private readonly options: FleetOptions;
  private readonly pebble: PebbleLab;
  private readonly proxy: AcmeProxy;
  private readonly workspace: Workspace;
  private readonly sites: Site[];
  private readonly exits = new Map<string, number>();
  private readonly bugs: string[] = [];

  constructor(options: FleetOptions, pebble: PebbleLab, proxy: AcmeProxy, workspace: Workspace) {
    this.options = options;
    this.pebble = pebble;
    this.proxy = proxy;
    this.workspace = workspace;
    this.sites = sitesOf(options.orders, options.seed);
  }

  async run(): Promise<Omit<FleetReport, 'faults'>> {
    const startedAt = performance.now();
    for (const site of this.sites) {
      if (site.deadName !== undefined) await this.pebble.challtestsrv.setServfail(site.deadName);
    }
    const ended = new AbortController();
    const patience = this.shortenWaits(ended.signal);
    const rounds = await this.work();
    ended.abort();
    await patience;
    return { ...(await this.report()), rounds, seconds: Math.round((performance.now() - startedAt) / 1000) };
  }

  /** @returns how many rounds it took after the first. */
  private async work(): Promise<number> {
    await this.side(this.sites.map((site) => () => this.issue(site)));
    for (let round = 1; round <= this.options.roundsMax; round++) {
      if (this.missing().length === 0 && this.proxy.census.open().length === 0) return round - 1;
      await this.again();
    }
    return this.options.roundsMax;
  }

  /** What is in the ledger is renewed; an `issue` that failed before it could write down what is wanted is repeated. */
  private async again(): Promise<void> {
    const known = new Set(
      this.rows<{ name: string }>('select name from certificates').map(({ name }) => name),
    );
    const [noted, unknown] = [
      this.missing().filter(({ name }) => known.has(name)),
      this.missing().filter(({ name }) => !known.has(name)),
    ];
    const shares = Array.from({ length: this.options.processes }, (_, index) =>
      noted.filter((_site, position) => position % this.options.processes === index),
    );
    await this.side([
      ...unknown.map((site) => () => this.issue(site)),
      ...shares
        .filter((share) => share.length > 0)
        .map((share) => () => this.start('renew', '--wait', '30s', ...share.map(({ name }) => name))),
    ]);
    if (noted.length + unknown.length === 0) await this.start('authz', 'clear');
  }

  private async side(tasks: (() => Promise<void>)[]): Promise<void> {
    const limit = pLimit(this.options.processes);
    await Promise.all(tasks.map((task) => limit(task)));
  }

  private issue({ names }: Site): Promise<void> {
    const { webroot } = this.workspace;
    return this.start('issue', '--agree-tos', '--wait', '30s', '--webroot', webroot, ...names);
  }

  private async start(...args: string[]): Promise<void> {
    const common = ['--ca', this.proxy.directoryUrl, '--ca-file', this.pebble.caFile];
    const gate = [
      '--state-dir',
      this.workspace.stateDir,
      '--max-pending',
      String(this.options.maxPending),
      '--probe-every',
      'never',
    ];
    const result = await runProgram([...args, ...common, ...gate], { timeoutMs: 900_000 });
    const how = `${args[0]}: ${result.exitCode ?? result.signal}`;
    this.exits.set(how, (this.exits.get(how) ?? 0) + 1);
    if (isBug(result)) this.bugs.push(`${args.join(' ')}\n${result.stderr}`);
  }

  private missing(): Site[] {
    return this.sites.filter(
      (site) => site.deadName === undefined && !hasCertificate(this.workspace.stateDir, site),
    );
  }

  /**
   * A refusal without a time is heeded for ten minutes, and a lost newOrder counted for five in case it comes to the CA late, which would
   * be most of the fleet's life: for the fleet they pass in seconds, by the hands of the clock that the ledger has.
   */
  private async shortenWaits(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [soon, arrived, longAgo] = [instantIn(1000), instantIn(-arrivedMs), instantIn(-600_000)];
      try {
        this.rows('update holds set not_before = ? where not_before > ?', soon, soon);
        this.rows(
          "update orders set created_at = ? where status = 'abandoned' and reserved > 0 and created_at between ? and ?",
          longAgo,
          longAgo,
          arrived,
        );
      } catch {
        // The ledger is just being made, or somebody writes.
      }
      await delay(250, undefined, { signal }).catch(() => undefined);
    }
  }

  private rows<Row>(sql: string, ...values: string[]): Row[] {
    const file = path.join(this.workspace.stateDir, 'ledger.sqlite');
    if (!existsSync(file)) return [];
    return queried<Row>(file, sql, ...values);
  }

  private async report(): Promise<Omit<FleetReport, 'faults' | 'seconds' | 'rounds'>> {
    const { census, requests } = this.proxy;
    const { stateDir, webroot } = this.workspace;
    const wanted = this.sites.filter(({ deadName }) => deadName === undefined);
    const dead = this.sites.filter(({ deadName }) => deadName !== undefined);
    const paid = (site: Site): number =>
      census.ordersFor(...site.names).filter(({ finalizations }) => finalizations > 0).length;
    const answers = await readdir(path.join(webroot, '.well-known/acme-challenge')).catch(() => []);
    return {
      orders: this.sites.length,
      requests: requests.length,
      mostOpen: census.mostOpen,
      pendingAtEnd: census.open().map(({ url, identifier }) => `${identifier?.value} ${url}`),
      missing: this.missing().map(({ name }) => name),
      impossible: dead.filter((site) => hasCertificate(stateDir, site)).map(({ name }) => name),
      issued: this.sites.filter((site) => hasCertificate(stateDir, site)).length,
      wanted: wanted.length,
      paidTwice: this.sites.filter((site) => paid(site) > 1).map(({ name }) => name),
      submittedTwice: [...census.authorizations.values()]
        .filter(({ submissions }) => submissions > 1)
        .map(({ url, identifier, submissions }) => `${identifier?.value} ${url}: ${submissions}`),
      presented: answers,
      exits: this.exits,
      bugs: this.bugs,
    };
  }
}

function instantIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

function isBug({ exitCode }: ProgramResult): boolean {
  // 2: a directory that can't be read may be a wrong address as well.
  return ![0, 1, 2, 75].includes(exitCode ?? -1);
}
