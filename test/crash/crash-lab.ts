import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { boulder } from '../support/misbehaviour/boulder.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { type AcmeProxy, startProxy } from '../support/proxy.ts';
import type { CaRule } from '../support/ruled-ca.ts';
import { queried } from '../support/raw-database.ts';
import { type WebServers, startWebServers } from './answering.ts';
import type { Scenario } from './scenario.ts';
import { type Zone, startZone } from './zone.ts';

// An order that never leaves "processing" is polled for three minutes, and the machine may be slow.
const timeoutMs = 600_000;

/** One CA for all cases. */
export interface CrashLab {
  pebble: PebbleLab;
  /** The root below which it issues, as PEM. */
  rootPem: string;
  newCustomer(scenario: Pick<Scenario, 'policy' | 'challenge'>, rules?: CaRule[]): Promise<Customer>;
  stop(): Promise<void>;
}

export type Command = 'register' | 'issue' | 'renew' | 'clear' | 'check';

/** One case: a state directory, names and a proxy of its own, so that no case sees another one. */
export interface Customer {
  proxy: AcmeProxy;
  directory: string;
  stateDir: string;
  /** Where points-preload.mjs writes which points the last run came to. */
  pointsFile: string;
  names: string[];
  /** Where its certificate is stored. */
  certificate: string;
  /** What a command is given. */
  args(command: Command): string[];
  run(command: Command, env?: Record<string, string>): Promise<ProgramResult>;
  /** Asks the ledger behind the program's back; nothing when there is none. */
  rows<Row>(sql: string): Row[];
  change(sql: string, ...values: string[]): void;
  /** What is there for the CA to find. */
  presented(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function startCrashLab(): Promise<CrashLab> {
  // A rejected nonce would move the points of one run against those of the next.
  const pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
  const webServers = await startWebServers(pebble.httpPort);
  const zone = await startZone(pebble.challtestsrv);
  let customers = 0;
  return {
    pebble,
    rootPem: await pebble.root(),
    newCustomer: (scenario, rules) =>
      newCustomer({ ...scenario, rules }, `c${(customers += 1)}.test`, pebble, webServers, zone),
    async stop() {
      await zone.stop();
      await webServers.stop();
      await pebble.stop();
    },
  };
}

async function newCustomer(
  {
    policy,
    challenge,
    // Who chooses "resume" has a CA that hands the same order back, and lists none.
    rules = policy === 'resume' ? boulder().rules : [],
  }: Pick<Scenario, 'policy' | 'challenge'> & { rules?: CaRule[] | undefined },
  domain: string,
  pebble: PebbleLab,
  webServers: WebServers,
  zone: Zone,
): Promise<Customer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-crash-'));
  const stateDir = path.join(directory, 'state');
  const webroot = path.join(directory, 'webroot');
  const hook = path.join(directory, 'hook');
  const ledger = path.join(stateDir, 'ledger.sqlite');
  await mkdir(webroot);
  await zone.writeHook(hook);
  webServers.add(domain, webroot);
  const proxy = await startProxy({ directoryUrl: pebble.directoryUrl, rules });
  const names = namesFor[challenge](domain);
  const config = path.join(directory, 'config.yaml');
  await writeFile(config, challenge === 'both' ? twoSolvers({ domain, webroot, hook, pebble }) : '');
  const solver = {
    'http-01': ['--webroot', webroot],
    'dns-01': ['--hook', hook, '--resolver', pebble.dnsAddress],
    both: [],
  }[challenge];
  const atCa = ['--ca', proxy.directoryUrl, '--ca-file', pebble.caFile];
  const commands: Record<Command, string[]> = {
    register: ['account', 'register', '--agree-tos', ...atCa],
    issue: ['issue', ...names, ...solver, '--cert-name', 'site', '--agree-tos', ...atCa],
    renew: ['renew', ...atCa],
    // Over all accounts.
    clear: ['authz', 'clear', '--ca-file', pebble.caFile],
    check: ['ledger', 'check'],
  };
  const args = (command: Command): string[] => [
    ...commands[command],
    ...['--config', config, '--state-dir', stateDir, '--on-unsubmitted', policy, '--probe-every', 'never'],
  ];
  return {
    proxy,
    directory,
    stateDir,
    pointsFile: path.join(directory, 'points'),
    names,
    certificate: path.join(stateDir, 'certificates/site'),
    args,
    run: (command, env = {}) => runProgram(args(command), { cwd: directory, env, timeoutMs }),
    rows: <Row>(sql: string) => (existsSync(ledger) ? queried<Row>(ledger, sql) : []),
    change: (sql, ...values) => {
      if (existsSync(ledger)) queried(ledger, sql, ...values);
    },
    presented: async () => [...(await answersIn(webroot)), ...zone.values(domain)],
    async remove() {
      await proxy.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const namesFor: Record<Scenario['challenge'], (domain: string) => string[]> = {
  'http-01': (domain) => [`a.${domain}`, `b.${domain}`],
  'dns-01': (domain) => [domain, `*.${domain}`],
  both: (domain) => [`a.${domain}`, `*.${domain}`],
};

/** A configuration by which hosts are proven by http-01, and the wildcard by dns-01. */
function twoSolvers({
  domain,
  webroot,
  hook,
  pebble,
}: {
  domain: string;
  webroot: string;
  hook: string;
  pebble: PebbleLab;
}): string {
  const web = { webroot, names: [`a.${domain}`] };
  const zones = { hook, resolver: pebble.dnsAddress, names: [`*.${domain}`] };
  return `solvers: ${JSON.stringify({ zones, web })}\n`;
}

/** Files only: the program leaves the directories that a killed run has made. */
async function answersIn(webroot: string): Promise<string[]> {
  const entries = await readdir(webroot, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
