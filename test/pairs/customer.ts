import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type LabAccount, existingAccount, registerAccount } from '../support/lab-account.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { type ProgramResult, type RunningProgram, startProgram } from '../support/program.ts';
import { type AcmeProxy, startProxy } from '../support/proxy.ts';
import { queried } from '../support/raw-database.ts';
import { type AnswerServer, serveAnswers } from './answers.ts';
import { type PairCommand, type Subject, type Surroundings, commandNamed } from './commands.ts';
import { type Hooks, writeHooks } from './hooks.ts';
import { WireLog, addressOfA } from './wire.ts';
import type { World } from './world.ts';

/** One Pebble for all cases. */
export interface PairStage {
  pebble: PebbleLab;
  /** The root below which it issues, as PEM. */
  rootPem: string;
  newCustomer(world: World): Promise<Customer>;
  stop(): Promise<void>;
}

/** One case: a state directory, an account and a proxy of its own. */
export interface Customer {
  world: World;
  directory: string;
  stateDir: string;
  proxy: AcmeProxy;
  wire: WireLog;
  hooks: Hooks;
  surroundings: Surroundings;
  /** The URLs of what another client left open on the account. */
  leftUrls: ReadonlySet<string>;
  /** The serial number of `site` as both find it. */
  serialBefore: string;
  /** @param role A's connections come from an address of their own */
  start(command: PairCommand, subject: Subject, role: string, env?: Record<string, string>): RunningProgram;
  /** Asks the ledger behind the program's back. */
  rows<Row>(sql: string, ...values: unknown[]): Row[];
  remove(): Promise<void>;
}

/** The gate's threshold of each customer. */
export const maxPending = 7;

const preload = new URL('address-preload.mjs', import.meta.url).href;
const timeoutMs = 180_000;
const dayMs = 86_400_000;

export async function startPairStage(): Promise<PairStage> {
  // A rejected nonce would move the points of one run against those of the next.
  const pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
  const answers = await serveAnswers(pebble.httpPort);
  return {
    pebble,
    rootPem: await pebble.root(),
    newCustomer: (world) => newCustomer(world, pebble, answers),
    async stop() {
      await answers.stop();
      await pebble.stop();
    },
  };
}

async function newCustomer(world: World, pebble: PebbleLab, answers: AnswerServer): Promise<Customer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-pairs-'));
  const wire = new WireLog();
  const proxy = await startProxy({
    directoryUrl: pebble.directoryUrl,
    rules: [...world.rules(), wire],
  });
  const hooks = await writeHooks(directory);
  answers.add(path.join(directory, 'answers'));
  const solver = ['--challenge', 'http-01', '--hook', hooks.solver, '--deploy-hook', hooks.deploy];
  const customer: Customer = {
    world,
    directory,
    stateDir: path.join(directory, 'state'),
    proxy,
    wire,
    hooks,
    surroundings: { solver, hook: hooks.solver, deployHook: hooks.deploy, left: [], log: '', otherKey: '' },
    leftUrls: new Set(),
    serialBefore: '',
    start: (command, subject, role, env) => startCommand(customer, pebble, command, subject, role, env),
    rows: (sql, ...values) => asked(customer.stateDir, sql, values),
    async remove() {
      answers.remove(path.join(directory, 'answers'));
      await proxy.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await prepare(customer, pebble);
  } catch (error) {
    await customer.remove();
    throw error;
  }
  return customer;
}

function startCommand(
  { world, directory, stateDir, proxy, surroundings }: Customer,
  pebble: PebbleLab,
  command: PairCommand,
  subject: Subject,
  role: string,
  env: Record<string, string> = {},
): RunningProgram {
  const atCa = ['--ca', proxy.directoryUrl, '--ca-file', pebble.caFile, '--agree-tos'];
  const limits = ['--max-pending', String(maxPending), '--on-unsubmitted', world.policy];
  const common = ['--state-dir', stateDir, ...atCa, ...limits, '--probe-every', 'never', '--json'];
  const own = role === 'A' ? { NODE_OPTIONS: `--import=${preload}`, PAIRS_ADDRESS: addressOfA } : {};
  return startProgram([...command.args(surroundings, subject), ...common], {
    cwd: directory,
    env: { PAIRS_ROLE: role, ...own, ...env },
    timeoutMs,
    ...(command.input === undefined ? {} : { input: command.input(surroundings) }),
  });
}

/** What both commands find: see commands.ts. */
async function prepare(customer: Customer, pebble: PebbleLab): Promise<void> {
  const issued = await run(customer, ['issue', 'a.test', 'b.test', '--cert-name', 'site']);
  if (issued.exitCode !== 0) throw new Error(`undisturbed, and it fails: ${issued.stdout}${issued.stderr}`);
  await leaveLate(customer);
  await leaveOthers(customer, pebble);
  const [from, to] = [-80 * dayMs, 10 * dayMs].map((ms) => new Date(Date.now() + ms).toISOString());
  customer.rows(`update certificates set not_before = ?, not_after = ? where name = 'site'`, from, to);
  const [site] = customer.rows<{ serial: string }>(`select serial from certificates where name = 'site'`);
  customer.serialBefore = site?.serial ?? '';
}

/** Kills the run that issues `late` while its hook puts the answer up. */
async function leaveLate(customer: Customer): Promise<void> {
  const dying = customer.start(issueOf(['issue', 'k.test', '--cert-name', 'late']), 'site', 'late', {
    PAIRS_HOOK_AT: '1',
  });
  const ended = dying.finished.then(({ stdout, stderr }) => {
    throw new Error(`late has ended by itself: ${stdout}${stderr}`);
  });
  const isHeld = async (): Promise<void> => {
    while (!existsSync(path.join(customer.directory, 'held.late'))) await delay(10);
  };
  await Promise.race([isHeld(), ended]);
  ended.catch(() => undefined);
  dying.kill('SIGKILL');
  await dying.finished;
  await writeFile(path.join(customer.directory, 'go.late'), '');
}

/** Another client of the same account: pending orders for the name of `shop` and for others; all in its log. */
async function leaveOthers(customer: Customer, pebble: PebbleLab): Promise<void> {
  const account = await ownAccount(customer, pebble);
  const orders = [];
  for (const name of ['e.test', 'f.test', 'g.test', 'c.test']) orders.push(await account.order(name));
  // Looked at, as whoever wants to solve them does.
  const left = orders.flatMap(({ authorizations }) => authorizations);
  for (const url of left) await account.post(url);
  const log = path.join(customer.directory, 'other.log');
  await writeFile(
    log,
    left.map((url) => `2026-01-02 03:04:05,678:DEBUG:acme.client:Sending POST request to ${url}:\n`).join(''),
  );
  const otherKey = path.join(customer.directory, 'other.pem');
  const server = { directoryUrl: customer.proxy.directoryUrl, caPem: pebble.caPem };
  await writeFile(otherKey, (await registerAccount(server)).keyPem, { mode: 0o600 });
  Object.assign(customer.surroundings, { left, log, otherKey });
  customer.leftUrls = new Set(left);
}

/** The account at the proxy, for acting behind the program's back. */
async function ownAccount(customer: Customer, pebble: PebbleLab): Promise<LabAccount> {
  const { stateDir, proxy } = customer;
  const [row] = customer.rows<{ url: string; key_file: string }>('select url, key_file from accounts');
  const keyPem = await readFile(path.join(stateDir, row?.key_file ?? ''), 'utf8');
  return existingAccount({ directoryUrl: proxy.directoryUrl, caPem: pebble.caPem }, keyPem, row?.url ?? '');
}

/** Runs a command that nothing meets to its end. */
export async function run(customer: Customer, args: string[], role = 'before'): Promise<ProgramResult> {
  return await customer.start(issueOf(args), 'site', role).finished;
}

function issueOf(args: string[]): PairCommand {
  const issue = commandNamed('issue');
  return {
    ...issue,
    args: ({ solver }) => (args[0] === 'issue' ? [...args, ...solver] : args),
  };
}

function asked<Row>(stateDir: string, sql: string, values: unknown[]): Row[] {
  return queried<Row>(path.join(stateDir, 'ledger.sqlite'), sql, ...values);
}
