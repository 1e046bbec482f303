import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type LabAccount, registerAccount } from '../test/support/lab-account.ts';
import { cleanEnvironment } from '../test/support/workspace.ts';
import { type Counted, type Lab, startLab } from './lab.ts';
import { type Cost, measure } from './measured-process.ts';

/*
 * What it takes to close thousands of authorizations that another client left pending, found in its log, at a given rate; in a run that is
 * killed half-way, one that goes on, and one that finds nothing left to do. Ends with 1 when one of them stayed open, or something was
 * done twice. The CA is Pebble behind a counting proxy, in another process.
 */

const count = Number(process.env['CLEAR_COUNT'] ?? 10_000);
const rate = process.env['CLEAR_RATE'] ?? '100/s';
const concurrency = Number(process.env['CLEAR_CONCURRENCY'] ?? 10);
const namesOfOrder = 100;
/** So many are asked of Pebble by another way at the end. */
const sampled = 100;
const program = fileURLToPath(new URL('../bin/acme-ledger', import.meta.url));
const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-clear-'));
await mkdir(path.join(directory, 'webroot'));
const lab = await startLab(path.join(directory, 'webroot'));
try {
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${(loadavg()[0] ?? 0).toFixed(2)} before\n`,
  );
  const account = await registerAccount({
    directoryUrl: lab.directoryUrl,
    caPem: await readFile(lab.caFile, 'utf8'),
  });
  await writeFile(path.join(directory, 'account.pem'), account.keyPem);
  const left = await leave(account);
  await writeFile(path.join(directory, 'letsencrypt.log'), left.map(logged).join(''));
  process.stdout.write(`${left.length} pending, --rate ${rate}, --concurrency ${concurrency}\n`);
  const runs = [await run('killed half-way', halfWay(lab)), await run('run again'), await run('once more')];
  process.exitCode = (await isAllClosed(account, left, runs)) ? 0 : 1;
} finally {
  await lab.stop();
  await rm(directory, { recursive: true, force: true });
}

async function leave(owner: LabAccount): Promise<string[]> {
  const urls: string[] = [];
  while (urls.length < count) {
    const size = Math.min(namesOfOrder, count - urls.length);
    const names = Array.from({ length: size }, (_, index) => `site${urls.length + index}.example.com`);
    urls.push(...(await owner.order(...names)).authorizations);
  }
  return urls;
}

/** As certbot logs a request, with what stands around it. */
function logged(url: string, index: number): string {
  const time = new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString().replace('T', ' ').slice(0, 19);
  return `${time},123:DEBUG:acme.client:Sending POST request to ${url}:\n{\n  "protected": "eyJhbGciOiAiRVMyNTYifQ",\n  "payload": ""\n}\n`;
}

/** Aborted once half of them are closed. */
function halfWay(counter: Lab): AbortSignal {
  const controller = new AbortController();
  const watch = async (): Promise<void> => {
    await delay(500);
    while ((await counter.counted()).counts.deactivate < count / 2) await delay(200);
    controller.abort();
  };
  watch().catch(() => controller.abort());
  return controller.signal;
}

interface Run extends Counted {
  exitCode: number | null;
  output: string;
}

async function run(what: string, killed?: AbortSignal): Promise<Run> {
  await lab.begin(0);
  const cost = await measure(
    {
      file: process.execPath,
      args: [
        ...[program, 'authz', 'clear', '--state-dir', path.join(directory, 'state')],
        ...['--ca', lab.directoryUrl, '--ca-file', lab.caFile],
        ...['--account-key', path.join(directory, 'account.pem')],
        ...['--rate', rate, '--concurrency', String(concurrency)],
        ...['--from-log', path.join(directory, 'letsencrypt.log')],
      ],
      env: cleanEnvironment(),
    },
    {
      outputFile: path.join(directory, 'output.txt'),
      signal: new AbortController().signal,
      timeoutMs: 3_600_000,
      ...(killed === undefined ? {} : { killed }),
    },
  );
  const counted = await lab.counted();
  print(what, cost, counted);
  return { ...counted, exitCode: cost.exitCode, output: cost.output };
}

function print(what: string, { wallMs, cpuMs, peakKb }: Cost, { counts }: Counted): void {
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const asked = `${counts.authz + counts.authzPoll} shown, ${counts.deactivate} deactivated, ${counts.newNonce} nonces`;
  process.stdout.write(
    `${what.padEnd(16)} ${all} requests (${asked}) in ${(wallMs / 1000).toFixed(1)} s: ${((all * 1000) / wallMs).toFixed(1)} a second; ` +
      `CPU ${(cpuMs / 1000).toFixed(1)} s, ${(peakKb / 1024).toFixed(0)} MiB resident at most\n`,
  );
}

async function isAllClosed(
  owner: LabAccount,
  urls: readonly string[],
  runs: readonly Run[],
): Promise<boolean> {
  const step = Math.max(1, Math.floor(urls.length / sampled));
  const states = new Set<string>();
  for (let index = 0; index < urls.length; index += step) {
    states.add((JSON.parse((await owner.post(urls[index] ?? '')).body) as { status: string }).status);
  }
  const deactivated = runs.reduce((sum, { counts }) => sum + counts.deactivate, 0);
  const twice = deactivated - urls.length;
  const [, again, more] = runs;
  process.stdout.write(
    `asked of Pebble: ${[...states].join(', ')}; ${deactivated} deactivations for ${urls.length}, ${twice} of them twice (what was in flight when it was killed)\n`,
  );
  const isQuiet = more?.counts.deactivate === 0 && more.counts.authz + more.counts.authzPoll === 0;
  const isDone = again?.exitCode === 0 && states.size === 1 && states.has('deactivated');
  return isDone && isQuiet && twice >= 0 && twice <= concurrency;
}
