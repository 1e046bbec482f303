import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { insertAccount, recordRegistered } from '../../../src/ledger/accounts.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-sqlite.ts';
import { type ProgramOptions, type ProgramResult, runProgram } from '../../support/program.ts';
import { readableProgram } from '../../support/readable-program.ts';
import { type Workspace, cleanEnvironment, newWorkspace } from '../../support/workspace.ts';

/** Where one command line is refused: a directory of its own, and a CA that notices whoever connects. */
export interface Stage extends Workspace {
  /** The directory URL of a CA that only counts. */
  ca: string;
  /** How many connections it got. */
  connections(): number;
  /** Runs the program in the directory, which is also its home. */
  run(args: string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** What lies in the directory, with modes and contents. */
  listing(): Promise<string[]>;
  end(): Promise<void>;
}

async function setStage(): Promise<Stage> {
  const workspace = await newWorkspace();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...workspace,
    ca: `https://127.0.0.1:${port}/dir`,
    connections: () => connections,
    run: (args, options = {}) =>
      runProgram(args, {
        cwd: workspace.directory,
        ...options,
        env: { HOME: workspace.directory, ...options.env },
      }),
    listing: () => listing(workspace.directory),
    async end() {
      server.close();
      await workspace.remove();
    },
  };
}

/** Sets a stage for one case. */
export async function withStage(act: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await setStage();
  try {
    await act(stage);
  } finally {
    await stage.end();
  }
}

/** What a refusal says: the whole of stderr is these two lines. */
export interface Refusal {
  error: RegExp | string;
  hint: RegExp | string;
}

/** Runs a command line that must be refused: exit 2, two lines on stderr, nothing on stdout, nothing sent, nothing written. */
export async function expectRefused(
  stage: Stage,
  args: string[],
  refusal: Refusal,
  options: ProgramOptions = {},
): Promise<void> {
  const before = await stage.listing();
  const result = await stage.run(args, options);
  expectTwoLines(result, refusal);
  expect(result.exitCode).toBe(2);
  expect(stage.connections()).toBe(0);
  expect(await stage.listing()).toEqual(before);
}

/** `error: …` and `hint: …`, printable and on one line each, and nothing on stdout. */
export function expectTwoLines(result: ProgramResult, { error, hint }: Refusal): void {
  expect(result.stdout).toBe('');
  const [first = '', second = '', ...rest] = result.stderr.split('\n');
  expect(first).toMatch(/^error: \S/);
  expect(first).toMatch(error);
  expect(second).toMatch(/^hint: \S/);
  expect(second).toMatch(hint);
  expect(rest).toEqual(['']);
  expect(result.stderr).not.toMatch(controlCharacter);
}

/** Beside line feeds. */
export const controlCharacter =
  // eslint-disable-next-line no-control-regex -- what must not be there
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** Runs the program as a user who may not do everything: `nobody` when the tests run as root, else whoever runs them. */
export async function runUnprivileged(stage: Stage, args: string[]): Promise<ProgramResult> {
  if (process.getuid?.() !== 0) return await stage.run(args);
  // mkdtemp closes the directory to others.
  await chmod(stage.directory, 0o755);
  const { node, program } = await readableProgram();
  const child = spawn(node, [program, ...args], {
    uid: nobody,
    gid: nobody,
    cwd: stage.directory,
    env: cleanEnvironment({ HOME: stage.directory }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const startedAt = performance.now();
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { exitCode, signal, ...output, durationMs: performance.now() - startedAt };
}

const nobody = 65_534;

/** Makes a directory that the unprivileged user can look into and not write to. */
export async function makeReadOnlyDirectory(directory: string): Promise<void> {
  await mkdir(directory);
  await chmod(directory, 0o555);
}

/** A state directory with a registered account whose key has this mode; a key of null has gone. */
export async function keepAccount(stage: Stage, mode = 0o600, key: string | null = newKey()): Promise<void> {
  const ledger = await openSqliteLedger(path.join(stage.stateDir, 'ledger.sqlite'));
  const writer = { ledger, runId: 'test', clock: systemClock };
  const account = { ca: stage.ca, keyFile: 'key.pem', keyThumbprint: 'thumbprint', email: null };
  const { id } = await insertAccount(writer, account);
  await recordRegistered(writer, id, { url: new URL('/acct/1', stage.ca).href, status: 'valid' });
  await ledger.destroy();
  if (key === null) return;
  await writeFile(path.join(stage.stateDir, 'key.pem'), key);
  await chmod(path.join(stage.stateDir, 'key.pem'), mode);
}

export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function listing(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true })).sort();
  return await Promise.all(
    names.map(async (name) => {
      const file = path.join(directory, name);
      const stats = await lstat(file);
      const mode = (stats.mode & 0o7777).toString(8);
      if (!stats.isFile()) return `${name} ${mode}`;
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      return `${name} ${mode} ${stats.size} ${digest}`;
    }),
  );
}
