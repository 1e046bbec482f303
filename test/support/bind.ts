import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Daemon, startDaemon } from './daemon.ts';
import { askServer } from '../../src/challenges/visibility/dns-query.ts';
import { type DnsFront, type FrontResolver, startDnsFront } from './dns-front.ts';
import { freePort } from './free-port.ts';
import {
  type BindOptions,
  type BindServerOptions,
  type BindZone,
  resolverText,
  rootZoneText,
  serverText,
  zoneText,
} from './bind-configuration.ts';

export interface BindServer {
  /** The name in the delegations, as in `ns1.lab`. */
  name: string;
  host: string;
  /** `ADDR:PORT` */
  address: string;
  /** `TYPE name` of each question so far but the resolver's, in the order in which they came; ` TCP` behind those that came so. */
  questions: string[];
  /** Nothing answers at its address any more. */
  stop(): Promise<void>;
}

/** Real BIND 9 name servers on addresses of 127.0.0.0/8, with a root of their own and a resolver that knows no other. */
export interface BindLab {
  /** The port of all authoritative servers. */
  port: number;
  /** `ADDR:PORT` of the recursive server: what Pebble asks (`startPebble({ dnsServer })`), and the program. */
  resolver: string;
  server(name: string): BindServer;
  /** The key file that `nsupdate -k` takes, and the parts of the key. */
  tsig: { keyFile: string; name: string; algorithm: string; secret: string };
  /** Changes a zone on its primary as a person would: `update add NAME TTL TXT "value"`, one a line. @throws Error with what nsupdate printed */
  update(zone: string, ...lines: string[]): Promise<void>;
  /** What one server shows at a name, without the quotes. */
  txt(server: string, name: string): Promise<string[]>;
  /** The serial of the zone at one server: each update adds one. */
  serial(server: string, zone: string): Promise<number>;
  stop(): Promise<void>;
}

const never = new AbortController().signal;
const run = promisify(execFile);
const startTimeoutMs = 20_000;
const program = '/usr/sbin/named';
const loopback = '127.0.0.1';
const key = { name: 'lab-key', secret: Buffer.from('a key that opens no real zone ..').toString('base64') };

/**
 * Starts the servers that the zones name, a root that delegates to them, and a resolver: about half a second for all.
 *
 *     const bind = await startBind({
 *       zones: [{ name: 'example.test', servers: ['ns1', 'ns2', 'ns3'] }],
 *       servers: { ns2: { lagSeconds: 3 }, ns3: { isDead: true } },
 *     });
 *     await bind.update('example.test', 'update add _acme-challenge.example.test. 1 TXT "value"');
 */
export async function startBind(options: BindOptions): Promise<BindLab> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-bind-'));
  const ending: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const end of ending.splice(0).toReversed()) await end();
  };
  try {
    // AppArmor lets the program in /usr/sbin write nowhere but to its usual directories.
    await copyFile(program, path.join(directory, 'named'));
    const plan = await planOf(options);
    const daemons = await Promise.all(
      [...plan.processes].map(async ([name, files]) => {
        const daemon = await startNamed(directory, name, files);
        ending.push(() => daemon.stop());
        return { name, daemon };
      }),
    );
    const fronts = new Map<string, DnsFront>();
    for (const { name, daemon } of daemons) {
      await untilRunning(name, daemon);
      const from = plan.fronts.get(name);
      if (from === undefined) continue;
      const front = await startDnsFront(from, placeOf(plan, name), resolverOf(plan, name, options));
      ending.push(() => front.stop());
      fronts.set(name, front);
    }
    await untilCopied(plan);
    return await labOf(directory, plan, fronts, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function placeOf({ ports }: Plan, server: string): { host: string; port: number } {
  return { host: loopback, port: ports.get(server) ?? 0 };
}

/** The resolver as the front of one server knows it. The root only leads to zones, of which no other server knows. */
function resolverOf(plan: Plan, server: string, { resolverGets }: BindOptions): FrontResolver {
  const host = plan.resolverSource;
  if (server === 'root' || resolverGets === undefined) return { host };
  return {
    host,
    instead: (name) => {
      const other = resolverGets(name);
      return other === null ? null : placeOf(plan, other);
    },
  };
}

interface Plan {
  /** Where each server is asked. */
  fronts: ReadonlyMap<string, { host: string; port: number }>;
  /** Where each named listens on the loopback address. */
  ports: ReadonlyMap<string, number>;
  /** The address that the resolver asks from. */
  resolverSource: string;
  frontPort: number;
  zones: readonly BindZone[];
  /** The files of each named. */
  processes: ReadonlyMap<string, Record<string, string>>;
}

async function planOf({ zones, servers = {}, resolverCacheSeconds = 0 }: BindOptions): Promise<Plan> {
  const names = [...new Set(zones.flatMap((zone) => zone.servers))];
  const alive = names.filter((name) => servers[name]?.isDead !== true);
  // Labs of other test files have other addresses, so that none disturbs another.
  const network = `127.${String(1 + (process.pid % 250))}.${String(1 + Math.floor(Math.random() * 250))}`;
  const frontPort = await freePort();
  const resolverSource = `${network}.254`;
  const ports = new Map<string, number>();
  for (const name of ['root', ...alive]) ports.set(name, await freePort());
  const fronts = new Map(
    ['root', ...names].map((name, index) => [
      name,
      { host: `${network}.${String(1 + index)}`, port: frontPort },
    ]),
  );
  const hosts = new Map(names.map((name) => [name, fronts.get(name)?.host ?? '']));
  const root = fronts.get('root')?.host ?? '';
  const processes = new Map<string, Record<string, string>>([
    [
      'root',
      {
        'named.conf': serverText({
          port: ports.get('root') ?? 0,
          key,
          zones: [{ name: '.', file: 'root.zone' }],
        }),
        'root.zone': rootZoneText(zones, hosts, root),
      },
    ],
    [
      'resolver',
      {
        'named.conf': resolverText({
          port: frontPort,
          source: resolverSource,
          cacheSeconds: resolverCacheSeconds,
        }),
        'hints.zone': `. 3600000 NS root.\nroot. 3600000 A ${root}\n`,
      },
    ],
    ...alive.map((name) => [name, filesOf(name, { zones, servers, ports })] as const),
  ]);
  return { fronts, ports, resolverSource, frontPort, zones, processes };
}

interface Surroundings {
  zones: readonly BindZone[];
  servers: Record<string, BindServerOptions>;
  ports: ReadonlyMap<string, number>;
}

function filesOf(name: string, { zones, servers, ports }: Surroundings): Record<string, string> {
  const own = zones.filter((zone) => zone.servers.includes(name));
  const files = own
    .filter((zone) => zone.servers[0] === name)
    .map((zone) => [`${zone.name}.zone`, zoneText(zone, zones, refreshSecondsOf(zone, servers))] as const);
  const portOf = (server: string): number => ports.get(server) ?? 0;
  const served = own.map((zone) => {
    const [primary = '', ...others] = zone.servers;
    if (primary !== name) return { name: zone.name, file: `${zone.name}.copy`, primary: portOf(primary) };
    const told = others.filter((each) => ports.has(each) && servers[each]?.lagSeconds === undefined);
    return { name: zone.name, file: `${zone.name}.zone`, notify: told.map(portOf) };
  });
  return {
    ...Object.fromEntries(files),
    'named.conf': serverText({ port: portOf(name), key, zones: served }),
  };
}

/** The SOA's refresh: secondaries that aren't notified look then. */
function refreshSecondsOf(zone: BindZone, servers: Record<string, BindServerOptions>): number {
  return Math.min(...zone.servers.map((name) => servers[name]?.lagSeconds ?? 3_600));
}

async function startNamed(directory: string, name: string, files: Record<string, string>): Promise<Daemon> {
  const home = path.join(directory, name);
  await mkdir(home);
  for (const [file, text] of Object.entries(files))
    await writeFile(path.join(home, file), text.replaceAll('@HOME@', home));
  const args = ['-g', '-n', '1', '-c', path.join(home, 'named.conf')];
  return startDaemon(path.join(directory, 'named'), args, { cwd: home });
}

async function untilRunning(name: string, daemon: Daemon): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!/ running$/m.test(daemon.output())) {
    if (!daemon.isRunning()) throw new Error(`named of ${name} ended:\n${daemon.output()}`);
    if (Date.now() > deadline) throw new Error(`named of ${name} didn't start in time:\n${daemon.output()}`);
    await delay(20);
  }
}

/** Secondaries fetch their zones behind the start. */
async function untilCopied({ zones, ports }: Plan): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (const zone of zones) {
    for (const server of zone.servers.filter((each) => ports.has(each))) {
      const address = `${loopback}:${String(ports.get(server))}`;
      const isThere = async (): Promise<boolean> =>
        (await askServer(address, { name: zone.name, type: 'SOA' }, never)).isAuthoritative;
      while (!(await isThere())) {
        if (Date.now() > deadline) throw new Error(`${server} got no copy of ${zone.name}`);
        await delay(50);
      }
    }
  }
}

async function labOf(
  directory: string,
  { fronts: places, ports, frontPort, zones }: Plan,
  fronts: ReadonlyMap<string, DnsFront>,
  stop: () => Promise<void>,
): Promise<BindLab> {
  const keyFile = path.join(directory, 'tsig.key');
  const keyText = `key "${key.name}" {\n  algorithm hmac-sha256;\n  secret "${key.secret}";\n};\n`;
  await writeFile(keyFile, keyText, { mode: 0o600 });
  const server = (name: string): BindServer => {
    const place = places.get(name);
    if (place === undefined) throw new Error(`the lab has no server ${name}`);
    return {
      name: `${name}.lab`,
      host: place.host,
      address: `${place.host}:${String(place.port)}`,
      questions: fronts.get(name)?.questions ?? [],
      stop: async () => fronts.get(name)?.stop(),
    };
  };
  return {
    port: frontPort,
    resolver: `${loopback}:${String(frontPort)}`,
    tsig: { keyFile, name: key.name, algorithm: 'hmac-sha256', secret: key.secret },
    server,
    async update(zone, ...lines) {
      const primary = zones.find(({ name }) => name === zone)?.servers[0] ?? '';
      const place = `server ${loopback} ${String(ports.get(primary))}`;
      const script = path.join(directory, `update-${String(Math.random()).slice(2)}`);
      await writeFile(script, [place, `zone ${zone}.`, ...lines, 'send', ''].join('\n'));
      await run('nsupdate', ['-k', keyFile, script]);
      await rm(script);
    },
    async txt(name, record) {
      const address = `${loopback}:${String(ports.get(name))}`;
      const { answers } = await askServer(address, { name: record, type: 'TXT' }, never);
      return answers.flatMap((each) => (each.type === 'TXT' ? [[each.data].flat().join('')] : []));
    },
    async serial(name, zone) {
      const address = `${loopback}:${String(ports.get(name))}`;
      const { answers } = await askServer(address, { name: zone, type: 'SOA' }, never);
      const [soa] = answers.flatMap((each) => (each.type === 'SOA' ? [each.data.serial ?? 0] : []));
      if (soa === undefined) throw new Error(`${name} has no zone ${zone}`);
      return soa;
    },
    stop,
  };
}
