import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startDaemon } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';

/** A zone with lines of a zone file beside SOA and NS, as in `www A 127.0.0.1`. Names are without the last dot. */
export interface UpdatedZone {
  name: string;
  records?: string[];
  /** Who may update it, as BIND's option says it; the key of the server when left out. */
  updates?: string;
}

/** One real BIND 9 name server on 127.0.0.1 whose zones take updates. */
export interface BindServer {
  /** `ADDR:PORT` */
  address: string;
  port: number;
  /** BIND's key file. */
  keyFile: string;
  key: { name: string; secret: string };
  /** The TXT values at a name, without their quotes. */
  values(name: string): Promise<string[]>;
  /** Changes a zone as a person would: `update add NAME TTL TXT "value"`, one a line. */
  update(zone: string, ...lines: string[]): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const program = '/usr/sbin/named';
const key = { name: 'acme-key', secret: Buffer.from('a key that opens no real zone ..').toString('base64') };
const startTimeoutMs = 60_000;

export async function startBindServer(zones: readonly UpdatedZone[]): Promise<BindServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-named-'));
  const at = (file: string): string => path.join(directory, file);
  const port = await freePort();
  const keyText = `key "${key.name}" {\n\talgorithm hmac-sha256;\n\tsecret "${key.secret}";\n};\n`;
  await writeFile(at('acme.key'), keyText, { mode: 0o600 });
  for (const { name, records = [] } of zones) {
    const lines = [
      '$TTL 1',
      '@ SOA ns1 nobody 1 3600 3600 3600000 1',
      '@ NS ns1',
      'ns1 A 127.0.0.1',
      ...records,
    ];
    await writeFile(at(`${name}.zone`), `${lines.join('\n')}\n`);
  }
  await writeFile(at('named.conf'), configuration(directory, port, keyText, zones));
  // AppArmor lets the program in /usr/sbin write nowhere but to its usual directories.
  await copyFile(program, at('named'));
  const daemon = await startDaemon(at('named'), ['-g', '-n', '1', '-c', at('named.conf')], {
    cwd: directory,
  });
  const stop = async (): Promise<void> => {
    await daemon.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + startTimeoutMs;
  while (!/ running$/m.test(daemon.output())) {
    if (!daemon.isRunning() || Date.now() > deadline) {
      await stop();
      throw new Error(`named didn't start:\n${daemon.output()}`);
    }
    await delay(20);
  }
  return {
    address: `127.0.0.1:${String(port)}`,
    port,
    keyFile: at('acme.key'),
    key,
    async values(name) {
      const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(port), '+short', 'TXT', `${name}.`]);
      return stdout
        .split('\n')
        .filter((line) => line.startsWith('"'))
        .map((line) => line.slice(1, -1));
    },
    async update(zone, ...lines) {
      const script = at(`update-${String(Math.random()).slice(2)}`);
      await writeFile(
        script,
        [`server 127.0.0.1 ${String(port)}`, `zone ${zone}.`, ...lines, 'send', ''].join('\n'),
      );
      await run('nsupdate', ['-k', at('acme.key'), script]);
    },
    stop,
  };
}

function configuration(
  directory: string,
  port: number,
  keyText: string,
  zones: readonly UpdatedZone[],
): string {
  return [
    keyText,
    'options {',
    `  directory "${directory}"; pid-file "${directory}/named.pid"; session-keyfile "${directory}/session.key";`,
    `  managed-keys-directory "${directory}"; lock-file none; dnssec-validation no; check-names primary ignore;`,
    `  listen-on port ${String(port)} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; notify no;`,
    '};',
    'controls { };',
    ...zones.map(
      ({ name, updates = `allow-update { key "${key.name}"; };` }) =>
        `zone "${name}" { type primary; file "${name}.zone"; ${updates} };`,
    ),
    '',
  ].join('\n');
}
