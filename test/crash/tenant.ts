import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { bundledScript } from '../support/bundled-script.ts';
import type { Installation } from '../support/installation.ts';
import { readableProgram } from '../support/readable-program.ts';
import { cleanEnvironment } from '../support/workspace.ts';

const nobody = 65_534;
const run = promisify(execFile);

/** What a tenant of the machine tried beside root, and what came of it. */
export interface TenantReport {
  /** What was changed of what isn't the tenant's: nothing, if all is well. */
  damage: string[];
  /** Steps of the tenant; answers that root put up, or refused to. */
  moves: number;
  presented: number;
  refused: number;
  /** Of the program's runs; -1 for one that didn't end. */
  exitCodes: number[];
}

/**
 * Lets a tenant do their worst for so many seconds, beside root, who puts answers up in the tenant's webroot, issues certificates with the
 * built program from a directory of the tenant's, and is led to the tenant's state directory.
 */
export async function besideTenant(
  here: Installation,
  directoryUrl: string,
  seconds: number,
): Promise<TenantReport> {
  const stage = await furnish(here, directoryUrl);
  const before = await inventory(stage.victim);
  const [attacker, loop] = await Promise.all([
    bundledScript(new URL('./webroot-attacker.ts', import.meta.url)),
    bundledScript(new URL('./webroot-loop.ts', import.meta.url)),
  ]);
  const attackerCopy = path.join(stage.shared, 'attacker.mjs');
  await writeFile(attackerCopy, await readFile(attacker), { mode: 0o644 });
  const endsAt = performance.now() + seconds * 1000;
  const [moves, done, exitCodes] = await Promise.all([
    asTenant([attackerCopy, stage.webroot, stage.victim, String(seconds)]),
    run(process.execPath, [loop, stage.webroot, String(seconds)]),
    issueUntil(here, stage, endsAt),
  ]);
  const { presented, refused } = JSON.parse(done.stdout) as { presented: number; refused: number };
  const after = await inventory(stage.victim);
  const damage = [
    ...difference(before, after),
    ...(await readdir(stage.traces)).map((name) => `root ran ${name}`),
  ];
  return { damage, moves: Number(moves), presented, refused, exitCodes };
}

interface Stage {
  /** Root's, where everybody may look. */
  shared: string;
  victim: string;
  /** Where a hook of the tenant's leaves its name when it is run. */
  traces: string;
  webroot: string;
  /** The tenant's, with a configuration in it. */
  home: string;
  tenantState: string;
}

async function furnish(here: Installation, directoryUrl: string): Promise<Stage> {
  await chmod(here.directory, 0o755);
  const place = (name: string): string => here.file(name);
  const stage = {
    shared: place('shared'),
    victim: place('victim'),
    traces: place('traces'),
    webroot: place('tenant-webroot'),
    home: place('tenant'),
    tenantState: place('tenant/state'),
  };
  for (const directory of [stage.shared, stage.victim, stage.traces, stage.webroot, stage.home])
    await mkdir(directory, { mode: 0o755 });
  await chmod(stage.traces, 0o777);
  await mkdir(path.join(stage.victim, 'acme-challenge'), { mode: 0o700 });
  await writeFile(path.join(stage.victim, 'secret'), 'of root', { mode: 0o600 });
  await chmod(stage.victim, 0o711);
  const hook = path.join(stage.home, 'hook.sh');
  await writeFile(hook, `#!/bin/sh\ntouch ${stage.traces}/hook-of-configuration\n`, { mode: 0o755 });
  const certificate = `{ names: [planted.test], webroot: ${stage.webroot}, deployHook: ${hook} }`;
  await writeFile(
    path.join(stage.home, 'acme-ledger.yaml'),
    `nameHook: ${hook}\ncertificates:\n  - ${certificate}\n`,
  );
  for (const own of [stage.webroot, stage.home, hook, path.join(stage.home, 'acme-ledger.yaml')])
    await chown(own, nobody, nobody);
  const { program } = await readableProgram();
  const wanted = ['own.test', '--ca', directoryUrl, '--webroot', stage.webroot];
  const deploy = ['--deploy-hook', `touch ${stage.traces}/hook-of-ledger`];
  await asTenant([program, 'cert', 'add', ...wanted, ...deploy, '--state-dir', stage.tenantState]);
  return stage;
}

/** Root at work, in the tenant's directory and then in the tenant's state directory. */
async function issueUntil(here: Installation, stage: Stage, endsAt: number): Promise<number[]> {
  const exitCodes: number[] = [];
  for (let round = 0; performance.now() < endsAt; round += 1) {
    const options = { cwd: stage.home };
    const issued = ['issue', `n${String(round)}.test`, '--webroot', stage.webroot];
    const elsewhere = ['renew', '--state-dir', stage.tenantState];
    const hook = ['--challenge', 'http-01', '--hook', path.join(stage.home, 'hook.sh')];
    for (const args of [issued, ['renew'], elsewhere, ['issue', 'hook.test', ...hook]]) {
      const ended = await here.run(args, options).catch(() => null);
      exitCodes.push(ended?.exitCode ?? -1);
    }
  }
  return exitCodes;
}

async function asTenant(args: string[]): Promise<string> {
  const { node } = await readableProgram();
  const child = spawn(node, args, {
    uid: nobody,
    gid: nobody,
    cwd: '/',
    env: cleanEnvironment({ HOME: '/nonexistent' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`the tenant couldn't do it: ${stderr}`);
  return stdout;
}

/** Owner, mode and content of all that is there, by its path. */
async function inventory(directory: string): Promise<Map<string, string>> {
  const names = ['.', ...(await readdir(directory, { recursive: true }))];
  const entries = names.map(async (name): Promise<[string, string]> => {
    const file = path.join(directory, name);
    const stats = await lstat(file);
    const content = stats.isFile() ? await digest(file) : '';
    return [name, `${String(stats.uid)}:${String(stats.gid)} ${stats.mode.toString(8)} ${content}`];
  });
  return new Map(await Promise.all(entries));
}

async function digest(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${name}: ${before.get(name) ?? 'nothing'} became ${after.get(name) ?? 'nothing'}`);
}
