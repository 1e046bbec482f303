/**
 * `npm run bench`: what one certificate costs with acme-ledger and with its peers, measured in this run. Tables on stdout, progress
 * on stderr. Exit code 1 when a run failed; a goal that isn't reached is a figure like any other.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { type Client, clients as allClients } from './clients.ts';
import { judge } from './goals.ts';
import { type Issuing, type IssuingRun, isSlow, issueAll, issueSlowOnes, warmUp } from './issuing.ts';
import { type Lab, startLab } from './lab.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { goalLines, headOf, issuingTables, kindsTable, startUpLines } from './report.ts';
import { measureStartUp } from './startup.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Not just once: npm and tsx pass on what the terminal has sent to this process, too.
  process.on(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    interrupted.abort();
  });
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!interrupted.signal.aborted) {
    progress(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function main(options: BenchOptions): Promise<void> {
  await import('../scripts/get-pebble.ts');
  if (process.exitCode !== undefined) return;
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-bench-'));
  const labs: Lab[] = [];
  try {
    const webroot = path.join(directory, 'webroot');
    await mkdir(webroot);
    await run(options, async (name, clients) => {
      const lab = await startLab(webroot);
      labs.push(lab);
      const stateDir = path.join(directory, name);
      await mkdir(stateDir);
      const { directoryUrl, caFile } = lab;
      const surroundings = { directoryUrl, caFile, webroot, stateDir };
      return { lab, surroundings, clients, signal: interrupted.signal, onRun: reportRun };
    });
  } finally {
    // Whatever still runs after a failure.
    interrupted.abort();
    await Promise.all(labs.map((lab) => lab.stop()));
    await rm(directory, { recursive: true, force: true });
  }
}

/** Starts a lab for some of the clients, with a state directory of this name. */
type OpenLab = (name: string, clients: readonly Client[]) => Promise<Issuing>;

async function run(options: BenchOptions, openLab: OpenLab): Promise<void> {
  const chosen = allClients.filter(({ name }) => options.only.includes(name.replace('()', '')));
  print(await headOf(chosen));
  const clients = await installedOf(chosen);
  announce(options, clients);
  const issuing = await openLab('main', clients);
  const startUp = await measureStartUp(issuing.surroundings.stateDir, interrupted.signal);
  await warmUp(issuing);
  const slowRuns = runSlowOnes(options, clients, openLab);
  // Until it is awaited.
  slowRuns.catch(() => undefined);
  const runs = inOrder([...(await issueAll(issuing, options)), ...(await slowRuns)]);
  const goals = judge(runs, startUp);
  print(issuingTables(runs));
  print(kindsTable(runs));
  print(startUpLines(startUp));
  print(goalLines(goals));
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ options, runs, startUp, goals }, null, 2)}\n`);
  }
}

async function runSlowOnes(
  options: BenchOptions,
  clients: readonly Client[],
  openLab: OpenLab,
): Promise<IssuingRun[]> {
  const cases = options.latencyMs.flatMap((latencyMs) =>
    options.names.map((names) => ({ latencyMs, names })),
  );
  const slow = clients.filter((client) =>
    cases.some(({ names, latencyMs }) => isSlow(client, names, latencyMs)),
  );
  if (slow.length === 0) return [];
  const issuing = await openLab('slow', slow);
  await warmUp(issuing);
  return issueSlowOnes(issuing, options);
}

function inOrder(runs: readonly IssuingRun[]): IssuingRun[] {
  const place = ({ client }: IssuingRun): number => allClients.findIndex(({ name }) => name === client);
  return [...runs].sort(
    (one, other) => one.latencyMs - other.latencyMs || one.names - other.names || place(one) - place(other),
  );
}

async function installedOf(chosen: readonly Client[]): Promise<Client[]> {
  const versions = await Promise.all(chosen.map((client) => client.version()));
  const missing = chosen.filter((_, index) => versions[index] === null).map(({ name }) => name);
  if (missing.length > 0) {
    print(
      `not installed: ${missing.join(', ')}; to have them beside it: apt-get install ${missing.join(' ')}`,
    );
  }
  return chosen.filter((_, index) => versions[index] !== null);
}

function announce({ names, latencyMs, runs }: BenchOptions, clients: readonly Client[]): void {
  let seconds = 15;
  let slowSeconds = 0;
  for (const client of clients) {
    for (const latency of latencyMs) {
      for (const count of names) {
        const perRun = client.secondsPerRun(count, latency);
        if (isSlow(client, count, latency)) {
          slowSeconds += perRun;
          print(
            `${client.name} with ${count} names at ${latency} ms waits for minutes: one run, beside the others.`,
          );
        } else {
          seconds += perRun > 20 ? perRun : perRun * runs;
        }
      }
    }
  }
  progress(`This takes about ${Math.ceil(Math.max(seconds, slowSeconds) / 60)} min.`);
}

function reportRun({ client, names, latencyMs, wallMs, exitCode, output }: IssuingRun): void {
  progress(`${latencyMs} ms, ${names} names: ${client} ${(wallMs / 1000).toFixed(2)} s`);
  if (exitCode === 0) return;
  progress(`error: ${client} ended with ${exitCode ?? 'a signal'}:\n${output}`);
  process.exitCode = 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
