import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rawDatabase } from '../test/support/raw-database.ts';
import { cleanEnvironment } from '../test/support/workspace.ts';
import { type Cost, measure } from './measured-process.ts';
import { median } from './statistics.ts';

/*
 * What a night costs in which there is nothing to do: `cert import` of a list that is known already, and `renew` with nothing due.
 * No CA is there, and none is asked.
 */

const { values } = parseArgs({
  options: { certificates: { type: 'string', default: '10000' }, runs: { type: 'string', default: '5' } },
});
const [count, runs] = [Number(values.certificates), Number(values.runs)];
const program = fileURLToPath(new URL('../bin/acme-ledger', import.meta.url));
const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-due-'));
try {
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${(loadavg()[0] ?? 0).toFixed(2)} before\n`,
  );
  const list = await writeList();
  print(`cert import, ${count} new`, [await run('cert', 'import', list)]);
  print(`cert import, ${count} known`, await times(() => run('cert', 'import', list)));
  await pretendIssued();
  print(`renew, ${count} not due`, await times(() => run('renew')));
  print('node -e 0', await times(() => measured(['-e', '0'])));
} finally {
  await rm(directory, { recursive: true, force: true });
}

function nameOf(index: number): string {
  return `site${index}.example.com`;
}

async function writeList(): Promise<string> {
  const webroot = path.join(directory, 'webroot');
  await mkdir(webroot);
  const rows = Array.from(
    { length: count },
    (_, index) => `${nameOf(index)} www.${nameOf(index)},${webroot}\n`,
  );
  const file = path.join(directory, 'list.csv');
  await writeFile(file, `names,webroot\n${rows.join('')}`);
  return file;
}

/** As a ledger and a store are when all of it was issued a day ago, and the CA said since when to ask again. */
async function pretendIssued(): Promise<void> {
  const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  const ledger = rawDatabase(path.join(directory, 'state/ledger.sqlite'), { fileMustExist: true });
  ledger.exec(`pragma foreign_keys = off;
    update certificates set serial = printf('%032x', id), not_before = '${inDays(-1)}', not_after = '${inDays(89)}',
      order_id = id, stored_at = '${inDays(-1)}', deployed_at = '${inDays(-1)}',
      ari_window_start = '${inDays(58)}', ari_window_end = '${inDays(60)}', ari_renew_at = '${inDays(59)}',
      ari_ask_at = '${inDays(1)}'`);
  ledger.close();
  await mkdir(path.join(directory, 'state/certificates'));
  for (let index = 0; index < count; index += 1) await storeSet(nameOf(index));
}

async function storeSet(name: string): Promise<void> {
  const versions = path.join('certificate-versions', name, '1');
  const set = path.join(directory, 'state', versions);
  await mkdir(set, { recursive: true });
  const files = ['fullchain.pem', 'cert.pem', 'chain.pem', 'privkey.pem'];
  await Promise.all(files.map((file) => writeFile(path.join(set, file), '')));
  await symlink(path.join('..', versions), path.join(directory, 'state/certificates', name));
}

function run(...args: string[]): Promise<Cost> {
  return measured([program, '--state-dir', path.join(directory, 'state'), ...args]);
}

async function measured(args: string[]): Promise<Cost> {
  const cost = await measure(
    { file: process.execPath, args, env: cleanEnvironment() },
    {
      outputFile: path.join(directory, 'output.txt'),
      signal: new AbortController().signal,
      timeoutMs: 600_000,
    },
  );
  if (cost.exitCode !== 0) throw new Error(`node ${args.join(' ')} failed:\n${cost.output}`);
  return cost;
}

async function times(act: () => Promise<Cost>): Promise<Cost[]> {
  const costs: Cost[] = [];
  for (let index = 0; index < runs; index += 1) costs.push(await act());
  return costs;
}

function print(what: string, costs: readonly Cost[]): void {
  const of = (key: 'wallMs' | 'cpuMs' | 'peakKb'): number => median(costs.map((cost) => cost[key]));
  const figures = `${of('wallMs').toFixed(0)} ms, of which CPU ${of('cpuMs').toFixed(0)} ms; ${(of('peakKb') / 1024).toFixed(0)} MiB resident`;
  process.stdout.write(`${what.padEnd(28)} ${figures} (median of ${costs.length})\n`);
}
