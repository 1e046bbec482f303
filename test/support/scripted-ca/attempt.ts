import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type ProgramResult, runProgram } from '../program.ts';
import { rawDatabase } from '../raw-database.ts';
import { type Workspace, newWorkspace } from '../workspace.ts';
import type { ScriptedCa, Twist } from './scripted-ca.ts';

export interface AttemptOptions {
  names: readonly string[];
  twist?: Twist;
  args?: readonly string[];
  env?: Record<string, string>;
  timeoutMs?: number;
  /** What is run; `issue` with the names unless told. */
  command?: readonly string[];
}

/** What a run of the program at a CA that twists its answers came to. */
export interface AttemptResult extends ProgramResult {
  /** The arguments of each call of the hook. */
  hookCalls: string[];
  /** Authorizations that are open at the CA, and that the ledger neither knows as pending nor has a reservation for. */
  unknown: string[];
  /** Those that it does hold as pending. */
  known: string[];
  certificates: boolean;
}

/** Runs the built program once in a workspace. */
export async function attemptIn(
  workspace: Workspace,
  ca: ScriptedCa,
  { names, twist = () => undefined, args = [], command, ...options }: AttemptOptions,
): Promise<AttemptResult> {
  const hook = await noteTaker(workspace);
  ca.twist = twist;
  const solver = ['--challenge', 'http-01', '--solver', 'exec', '--hook', hook];
  const result = await runProgram(
    [
      ...(command ?? ['issue', ...names, ...solver]),
      ...['--ca', ca.directoryUrl, '--state-dir', workspace.stateDir],
      ...args,
    ],
    options,
  );
  const held = ledgerOf(workspace);
  const open = ca.open();
  const unknown = open.filter((url) => !held.pending.includes(url));
  const calls = await readFile(`${hook}.calls`, 'utf8').catch(() => '');
  return {
    ...result,
    hookCalls: calls.split('\n').filter((line) => line !== ''),
    unknown: unknown.length <= held.reserved ? [] : unknown,
    known: open.filter((url) => held.pending.includes(url)),
    certificates: existsSync(path.join(workspace.stateDir, 'certificates', names[0] ?? '', 'cert.pem')),
  };
}

/** The same in a workspace of its own, which is removed. */
export async function attempt(ca: ScriptedCa, options: AttemptOptions): Promise<AttemptResult> {
  const workspace = await newWorkspace();
  try {
    return await attemptIn(workspace, ca, options);
  } finally {
    await workspace.remove();
  }
}

/** A hook that only notes what it is called with. */
async function noteTaker(workspace: Workspace): Promise<string> {
  const hook = workspace.file('hook');
  if (existsSync(hook)) return hook;
  await writeFile(hook, `#!/bin/sh\necho "$@" >> "$0.calls"\n`);
  await chmod(hook, 0o755);
  return hook;
}

/** Read without the program's code. */
function ledgerOf(workspace: Workspace): { pending: string[]; reserved: number } {
  const file = path.join(workspace.stateDir, 'ledger.sqlite');
  if (!existsSync(file)) return { pending: [], reserved: 0 };
  const database = rawDatabase(file, { readonly: true });
  try {
    const pending = database.prepare(`select url from authorizations where status = 'pending'`).all();
    const { reserved } = database
      .prepare('select coalesce(sum(reserved), 0) as reserved from orders')
      .get() as { reserved: number };
    return { pending: (pending as { url: string }[]).map(({ url }) => url), reserved };
  } finally {
    database.close();
  }
}
