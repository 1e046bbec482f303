/**
 * `npm run bench:dns`: many names by dns-01 (rfc2136) in one `renew`, at real BIND: three servers, of which one is some seconds behind. What that
 * takes beside the slowest propagation, and beside as many names by http-01; and how often each server is asked. The CA is Pebble, whose
 * resolver gets every second name's records from the server that is behind. All of it shares the processors. Ends with 1 when
 * something isn't issued; a goal that isn't reached is a figure like any other.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { drawTable } from '../src/cli/output/table.ts';
import { type BindLab, startBind } from '../test/support/bind.ts';
import { type Installation, newInstallation } from '../test/support/installation.ts';
import { type PebbleLab, startPebble } from '../test/support/pebble.ts';
import { serveWebroot } from '../test/support/webroot-server.ts';
import type { Goal } from './goals.ts';
import { watchPropagation } from './propagation.ts';
import { goalLines } from './report.ts';
import { median } from './statistics.ts';

const usage =
  'npm run bench:dns -- [--names N] [--of-each N] [--lag SECONDS] [--concurrency N] [--max-pending N]';
const { values } = parseArgs({
  options: {
    names: { type: 'string', default: '500' },
    /** Names of each certificate. */
    'of-each': { type: 'string', default: '10' },
    lag: { type: 'string', default: '5' },
    /** All certificates at one time, and all names open at the CA, unless it is said. */
    concurrency: { type: 'string' },
    'max-pending': { type: 'string' },
  },
});
const count = whole(values.names, '--names');
const ofEach = whole(values['of-each'], '--of-each');
const certificates = Math.ceil(count / ofEach);
const lagSeconds = whole(values.lag, '--lag');
const concurrency = whole(values.concurrency ?? String(certificates), '--concurrency');
const maxPending = whole(values['max-pending'] ?? String(count), '--max-pending');

const zone = 'bench.test';
const servers = ['ns1', 'ns2', 'ns3'] as const;
const late = 'ns2';
/** What a record is asked for when all is well: `--dns-rounds` as it is usually. */
const rounds = 3;
const timeoutMs = 20 * 60_000;

const bind = await startBind({
  zones: [{ name: zone, servers: [...servers], records: ['* A 127.0.0.1'] }],
  servers: { [late]: { lagSeconds } },
  resolverGets: (name) => (/\.[a-z]+\d*[13579]\.bench\.test$/.test(name) ? late : null),
});
const pebble = await startPebble({ dnsServer: bind.resolver, env: { PEBBLE_WFE_NONCEREJECT: '0' } });
try {
  await main(bind, pebble);
} finally {
  await pebble.stop();
  await bind.stop();
}

async function main(dns: BindLab, ca: PebbleLab): Promise<void> {
  const load = (loadavg()[0] ?? 0).toFixed(2);
  const machine = `${String(cpus().length)} × ${cpus()[0]?.model ?? '?'}`;
  const what = `${String(count)} names in ${String(certificates)} certificates, ${String(concurrency)} at a time, --max-pending ${String(maxPending)}`;
  print(
    `${new Date().toISOString()}, Node ${process.version}, ${machine}, load ${load} before\n` +
      `${what}; ${late} up to ${String(lagSeconds)} s behind`,
  );
  const http = await byHttp(dns, ca);
  const proven = await byDns(dns, ca);
  print(drawTable(['SERVER', 'QUESTION', 'NAMES', 'IN ALL', 'MEDIAN A NAME', 'MOST A NAME'], rowsOf(proven)));
  print(goalLines(goalsOf(http, proven)));
}

async function byHttp(dns: BindLab, ca: PebbleLab): Promise<number> {
  const here = await newInstallation(ca);
  const { webroot } = here;
  const web = await serveWebroot(webroot, ca.httpPort);
  try {
    const wallMs = await renewed(here, dns, { names: namesOf('http'), way: { webroot } });
    print(`http-01   ${seconds(wallMs)}`);
    return wallMs;
  } finally {
    await web.stop();
    await here.remove();
  }
}

/** What the renewal by dns-01 took and asked. */
interface Proven {
  wallMs: number;
  slowestMs: number;
  /** By server: how often each question came. */
  asked: Map<string, Map<string, number>>;
}

async function byDns(dns: BindLab, ca: PebbleLab): Promise<Proven> {
  const here = await newInstallation(ca);
  const before = new Map(servers.map((server) => [server, dns.server(server).questions.length]));
  const propagation = await watchPropagation(dns, zone, servers);
  try {
    const way = { solver: 'rfc2136', dnsServer: dns.server('ns1').address, tsigKeyFile: dns.tsig.keyFile };
    const wallMs = await renewed(here, dns, { names: namesOf('dns'), way });
    const slowestMs = propagation.slowestMs();
    print(
      `dns-01    ${seconds(wallMs)}, slowest propagation ${seconds(slowestMs)} (${String(propagation.changes())} changes of the zone)`,
    );
    const asked = new Map<string, Map<string, number>>(
      servers.map((server) => [server, timesOf(dns.server(server).questions.slice(before.get(server)))]),
    );
    return { wallMs, slowestMs, asked };
  } finally {
    await propagation.stop();
    await here.remove();
  }
}

/** Renews what a list has, which was never issued before, and takes the time of it. */
async function renewed(
  here: Installation,
  dns: BindLab,
  { names, way }: { names: readonly string[]; way: object },
): Promise<number> {
  const list = here.file('list.ndjson');
  const rows = Array.from({ length: certificates }, (_, index) => ({
    names: names.slice(index * ofEach, (index + 1) * ofEach),
    ...way,
  }));
  await writeFile(list, rows.map((row) => JSON.stringify(row)).join('\n'));
  const imported = await here.run(['cert', 'import', list]);
  if (imported.exitCode !== 0) throw new Error(imported.stderr);
  const view = ['--probe-resolver', dns.resolver, '--probe-dns-port', String(dns.port)];
  const pace = ['--concurrency', String(concurrency), '--max-pending', String(maxPending), '--wait', '5m'];
  const result = await here.run([...view, 'renew', '--no-check', ...pace], { timeoutMs });
  const left = here.rows('select name from certificates where stored_at is null').length;
  if (result.exitCode !== 0 || left > 0) {
    process.exitCode = 1;
    print(`${String(left)} of ${String(certificates)} not issued:\n${result.stderr.slice(-2_000)}`);
  }
  return result.durationMs;
}

function namesOf(label: string): string[] {
  return Array.from({ length: count }, (_, index) => `${label}${String(index)}.${zone}`);
}

function timesOf(questions: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const question of questions) times.set(question, (times.get(question) ?? 0) + 1);
  return times;
}

function rowsOf({ asked }: Proven): string[][] {
  return [...asked].flatMap(([server, times]) => {
    const types = [...new Set([...times.keys()].map((question) => question.split(' ')[0] ?? ''))];
    return types.toSorted().map((type) => {
      const each = [...times].filter(([question]) => question.startsWith(`${type} `)).map(([, n]) => n);
      const sum = each.reduce((all, n) => all + n, 0);
      return [server, type, each.length, sum, median(each), Math.max(...each)].map(String);
    });
  });
}

/** The TXT questions of the record's name are the looks; what else is asked at that name is counted with them. */
function goalsOf(httpMs: number, { wallMs, slowestMs, asked }: Proven): Goal[] {
  const most = 1.5 * slowestMs + httpMs;
  const queries = [...asked].map(([server, times]) => {
    const ofNames = new Map<string, number>();
    for (const [question, n] of times) {
      const name = question.split(' ')[1] ?? '';
      if (name.startsWith('_acme-challenge.')) ofNames.set(name, (ofNames.get(name) ?? 0) + n);
    }
    const beside = [...ofNames.values()].map((n) => Math.max(0, n - rounds));
    const over = beside.filter((n) => n > 2).length;
    return {
      most: Math.max(0, ...beside),
      text: `${server} ${String(Math.max(0, ...beside))} at most, over 2 at ${String(over)} names`,
    };
  });
  return [
    {
      goal: 'dns-01 in under 1.5 × the slowest propagation + http-01',
      isReached: wallMs < most,
      figures: `${seconds(wallMs)} and ${seconds(most)}: ${(wallMs / most).toFixed(2)} ×`,
    },
    {
      goal: `at most 2 queries a server address and name beside the ${String(rounds)} rounds`,
      isReached: queries.every((each) => each.most <= 2),
      figures: queries.map(({ text }) => text).join('; '),
    },
  ];
}

function whole(text: string, option: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`${option}: "${text}" isn't a whole number from 1 on\n${usage}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
