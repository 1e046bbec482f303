/** A zone with its delegation: in the zone of the lab above it, else in the root. */
export interface BindZone {
  /** Without the last dot. */
  name: string;
  /** The servers that its delegation names, as in `ns1`; the first is the primary, which alone is updated. */
  servers: string[];
  /** Lines of a zone file beside SOA and NS, as in `www A 127.0.0.1`. */
  records?: string[];
  /** How long it is remembered that a name isn't there (the SOA's minimum); 1 s when left out. */
  negativeTtlSeconds?: number;
}

export interface BindServerOptions {
  /** A secondary that isn't notified and asks only as often for what is new: at most so many seconds late. */
  lagSeconds?: number;
  /** Its delegation stands, and nobody listens at its address. */
  isDead?: boolean;
}

export interface BindOptions {
  zones: BindZone[];
  servers?: Record<string, BindServerOptions>;
  /** How long the resolver keeps what it found, and what it didn't; 0 when left out: it asks each time. */
  resolverCacheSeconds?: number;
  /**
   * The server (as in `ns2`) whose answer the resolver gets to its questions of a name, whichever server of the zone it asks; null for the
   * one that it asks. A resolver by itself keeps to the server that answers fastest, while a CA's resolvers ask now this one, now that one.
   */
  resolverGets?: (name: string) => string | null;
}

interface ServedZone {
  name: string;
  file: string;
  /** A secondary: the port of the server that it gets the zone from. */
  primary?: number;
  /** A primary: the ports of those that it tells of changes. */
  notify?: number[];
}

interface ServerSettings {
  port: number;
  key: { name: string; secret: string };
  zones: readonly ServedZone[];
}

/** The named.conf of an authoritative server. `@HOME@` stands for its directory. */
export function serverText({ port, key, zones }: ServerSettings): string {
  return [
    `key "${key.name}" { algorithm hmac-sha256; secret "${key.secret}"; };`,
    ...optionsText(port, ['recursion no;', 'allow-transfer { any; };', 'notify no;']),
    ...zones.map(({ name, file, primary, notify = [] }) =>
      [
        `zone "${name}" {`,
        ...(primary === undefined
          ? [
              'type primary;',
              ...(name === '.' ? [] : [`allow-update { key "${key.name}"; };`]),
              ...(notify.length === 0
                ? []
                : [
                    `notify explicit; also-notify { ${notify.map((each) => `127.0.0.1 port ${String(each)};`).join(' ')} };`,
                  ]),
            ]
          : [`type secondary; primaries { 127.0.0.1 port ${String(primary)}; };`]),
        `file "${file}"; };`,
      ].join(' '),
    ),
    '',
  ].join('\n');
}

/** The named.conf of the resolver. Having a port of its own, it asks others there, too. */
export function resolverText({
  port,
  source,
  cacheSeconds,
}: {
  port: number;
  source: string;
  cacheSeconds: number;
}): string {
  const cache = String(cacheSeconds);
  return [
    ...optionsText(port, [
      `query-source address ${source};`,
      'recursion yes;',
      // Pebble asks by TCP, and hundreds of names at one time; the usual 10 and 150 make it wait until it gives up.
      'tcp-listen-queue 1000; tcp-clients 2000;',
      'allow-recursion { any; };',
      'dnssec-validation no;',
      'qname-minimization off;',
      `max-cache-ttl ${cache};`,
      `max-ncache-ttl ${cache};`,
      'lame-ttl 0;',
      'servfail-ttl 0;',
      'empty-zones-enable no;',
    ]),
    'zone "." { type hint; file "hints.zone"; };',
    '',
  ].join('\n');
}

function optionsText(port: number, own: readonly string[]): string[] {
  return [
    'options {',
    '  directory "@HOME@"; pid-file "@HOME@/named.pid"; session-keyfile "@HOME@/session.key";',
    '  managed-keys-directory "@HOME@"; lock-file none;',
    `  port ${String(port)}; listen-on { 127.0.0.1; }; listen-on-v6 { none; };`,
    '  min-refresh-time 1; min-retry-time 1; notify-delay 0; serial-query-rate 1000; startup-notify-rate 1000;',
    ...own.map((line) => `  ${line}`),
    '};',
    'controls { };',
  ];
}

/** The root: a host for each server, and the delegations that no zone of the lab makes. */
export function rootZoneText(
  zones: readonly BindZone[],
  hosts: ReadonlyMap<string, string>,
  root: string,
): string {
  return [
    '$TTL 1',
    '. SOA root. nobody. 1 3600 3600 3600000 1',
    '. NS root.',
    `root. A ${root}`,
    ...[...hosts].map(([name, host]) => `${name}.lab. A ${host}`),
    ...zones.filter((zone) => parentOf(zone, zones) === undefined).flatMap(delegation),
    '',
  ].join('\n');
}

export function zoneText(zone: BindZone, zones: readonly BindZone[], refreshSeconds: number): string {
  const refresh = String(refreshSeconds);
  return [
    `$ORIGIN ${zone.name}.`,
    '$TTL 1',
    `@ SOA ${zone.servers[0] ?? ''}.lab. nobody. 1 ${refresh} ${refresh} 3600000 ${String(zone.negativeTtlSeconds ?? 1)}`,
    ...delegation(zone),
    ...(zone.records ?? []),
    ...zones.filter((child) => parentOf(child, zones) === zone).flatMap(delegation),
    '',
  ].join('\n');
}

function delegation({ name, servers }: BindZone): string[] {
  return servers.map((server) => `${name}. NS ${server}.lab.`);
}

/** The nearest zone of the lab above it. */
function parentOf(zone: BindZone, zones: readonly BindZone[]): BindZone | undefined {
  return zones
    .filter((other) => other !== zone && zone.name.endsWith(`.${other.name}`))
    .toSorted((one, other) => other.name.length - one.name.length)[0];
}
