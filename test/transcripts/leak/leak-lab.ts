import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { rawDatabase } from '../../support/raw-database.ts';
import { withDefaults } from '../../support/with-defaults.ts';
import { expect } from 'vitest';
import { type RequestKind, requestKinds } from '../../support/acme-request.ts';
import { type LabAccount, existingAccount } from '../../support/lab-account.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import {
  type ProgramOptions,
  type ProgramResult,
  type RunningProgram,
  runProgram,
  startProgram,
} from '../../support/program.ts';
import { type AcmeProxy, startProxy } from '../../support/proxy.ts';
import { hookScript } from './leak-hook-script.ts';

/** A CA for one file of tests, and a way to make as many customers of it as there are cases. */
export interface LeakLab {
  pebble: PebbleLab;
  newCustomer(): Promise<Customer>;
  stop(): Promise<void>;
}

/** An AUTHZ of docs/json.md. */
export interface ListedAuthz {
  id: number;
  url: string;
  ca: string;
  account: string;
  identifier: string;
  wildcard: boolean;
  status: string;
  challenge: string;
  challengeType: string | null;
  submittedAt: string | null;
  createdAt: string;
  checkedAt: string | null;
  expiresAt: string | null;
  orders: number[];
  source: string;
  error: { code: string; message: string; problem: { type: string; detail: string } | null } | null;
}

/** A state directory, a webroot and an account of its own, at a proxy of its own. */
export interface Customer {
  proxy: AcmeProxy;
  stateDir: string;
  /** The hook of leak-hook-script.ts; what it does depends on the name that it is called for. */
  hook: string;
  run(args: string[], options?: ProgramOptions): Promise<ProgramResult>;
  start(args: string[], options?: ProgramOptions): RunningProgram;
  /** `issue` with the hook for http-01. */
  issue(...args: string[]): Promise<ProgramResult>;
  startIssue(...args: string[]): RunningProgram;
  /** `authz list --json`, oldest first. */
  listed(...args: string[]): Promise<ListedAuthz[]>;
  /** How many requests of each kind the CA took: one whose nonce it rejects is sent again. */
  taken(): Record<RequestKind, number>;
  /** The state of every authorization that the CA ever made for this customer, by name, as Pebble itself tells it. */
  atCa(): Promise<Record<string, string>>;
  /** The program's own account, for acting behind its back. */
  account(): Promise<LabAccount>;
  /** What lies in the webroot for the CA to find. */
  presented(): Promise<string[]>;
  /** The calls of the hook so far, as "present NAME" and "cleanup NAME". */
  hookCalls(): Promise<string[]>;
  /** From now on the hook succeeds for every name. */
  mendHook(): Promise<void>;
}

export async function startLeakLab(env: Record<string, string> = {}): Promise<LeakLab> {
  const pebble = await startPebble({ env });
  const customers: { directory: string; proxy: AcmeProxy }[] = [];
  const webServer = await serveAnswers(pebble.httpPort, () => customers.map(({ directory }) => directory));
  return {
    pebble,
    async newCustomer() {
      const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-leak-'));
      const proxy = await startProxy({ directoryUrl: pebble.directoryUrl });
      customers.push({ directory, proxy });
      await writeFile(path.join(directory, 'hook.sh'), hookScript(directory));
      await chmod(path.join(directory, 'hook.sh'), 0o755);
      return customerOf(pebble, proxy, directory);
    },
    async stop() {
      await webServer.stop();
      for (const { directory, proxy } of customers) {
        await proxy.stop();
        await endHooks(directory);
        await rm(directory, { recursive: true, force: true });
      }
      await pebble.stop();
    },
  };
}

function customerOf(pebble: PebbleLab, proxy: AcmeProxy, directory: string): Customer {
  const stateDir = path.join(directory, 'state');
  const hook = path.join(directory, 'hook.sh');
  const common = ['--state-dir', stateDir, '--ca', proxy.directoryUrl, '--ca-file', pebble.caFile];
  const forIssue = ['--agree-tos', '--challenge', 'http-01', '--hook', hook, '--hook-concurrency', '20'];
  const answers = path.join(directory, '.well-known/acme-challenge');
  let account: LabAccount | undefined;
  const customer: Customer = {
    proxy,
    stateDir,
    hook,
    run: (args, options) => runProgram(withDefaults(args, common), { cwd: directory, ...options }),
    start: (args, options) => startProgram(withDefaults(args, common), { cwd: directory, ...options }),
    issue: (...args) => customer.run(withDefaults(['issue', ...args], forIssue)),
    startIssue: (...args) => customer.start(withDefaults(['issue', ...args], forIssue)),
    async listed(...args) {
      const listing = await customer.run(['authz', 'list', '--json', ...args]);
      expectExit(listing, 0);
      return jsonLines<ListedAuthz>(listing).reverse();
    },
    taken: () => takenBy(proxy),
    async atCa() {
      const { keyPem, url } = await customer.account();
      const states: Record<string, string> = {};
      for (const authorization of proxy.census.authorizations.keys()) {
        const seen = await pebble.askAuthorization(authorization, keyPem, url);
        states[`${seen.wildcard === true ? '*.' : ''}${seen.identifier.value}`] = seen.status;
      }
      return states;
    },
    async account() {
      return (account ??= await ownAccount(customer, pebble));
    },
    presented: () => readdir(answers).catch(() => []),
    async hookCalls() {
      const log = await readFile(path.join(directory, 'hook.log'), 'utf8').catch(() => '');
      return log.split('\n').filter((line) => line !== '');
    },
    mendHook: () => writeFile(path.join(directory, 'mended'), ''),
  };
  return customer;
}

function takenBy({ requests }: AcmeProxy): Record<RequestKind, number> {
  const taken = requests.filter(({ status }) => status !== undefined && status < 300);
  const count = (kind: RequestKind): number => taken.filter((one) => one.kind === kind).length;
  return Object.fromEntries(requestKinds.map((kind) => [kind, count(kind)])) as Record<RequestKind, number>;
}

async function ownAccount({ stateDir }: Customer, pebble: PebbleLab): Promise<LabAccount> {
  const ledger = rawDatabase(path.join(stateDir, 'ledger.sqlite'), { readonly: true });
  const row = ledger.prepare('select url, key_file from accounts').get() as { url: string; key_file: string };
  ledger.close();
  const { url } = row;
  const keyPem = await readFile(path.join(stateDir, row.key_file), 'utf8');
  const server = { directoryUrl: pebble.directoryUrl, caPem: pebble.caPem };
  const own = (each: string): string => new URL(new URL(each).pathname, pebble.directoryUrl).href;
  const account = existingAccount(server, keyPem, own(url));
  return { ...account, url, post: (to, payload) => account.post(own(to), payload) };
}

/** The objects of NDJSON output, or its one object. */
export function jsonLines<T>({ stdout, stderr }: ProgramResult): T[] {
  try {
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  } catch (cause) {
    throw new Error(`not JSON: ${stdout}\nstderr: ${stderr}`, { cause });
  }
}

/** Waits until something is so. @throws Error after 60 s */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`60 s passed, and it isn't so: ${what}`);
    await delay(15);
  }
}

/** The exit code, with all that was said where it is another. */
export function expectExit({ exitCode, stdout, stderr }: ProgramResult, expected: number): void {
  expect(exitCode, `stdout: ${stdout.slice(0, 600)}\nstderr: ${stderr.slice(0, 600)}`).toBe(expected);
}

/** Serves every customer's webroot, slowly for names that begin with "late", wrongly for "wrong". */
async function serveAnswers(port: number, webroots: () => string[]): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { host = '', url = '' } = { host: request.headers.host, url: request.url };
    const answer = async (): Promise<void> => {
      const token = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(url)?.[1] ?? '';
      const found = await Promise.allSettled(
        webroots().map((webroot) =>
          readFile(path.join(webroot, '.well-known/acme-challenge', token), 'utf8'),
        ),
      );
      const text = found.find((one) => one.status === 'fulfilled')?.value;
      if (host.startsWith('late')) await delay(lateMs);
      if (text === undefined) response.writeHead(404);
      response.end(host.startsWith('wrong') ? 'something else' : text);
    };
    answer().catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// Pebble gives up on an answer after 6 s.
const lateMs = 4_000;

/** Hooks outlive a program that was killed with SIGKILL. */
async function endHooks(directory: string): Promise<void> {
  const pids = await readFile(path.join(directory, 'hook.pids'), 'utf8').catch(() => '');
  for (const pid of pids.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
