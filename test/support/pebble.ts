import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Challtestsrv, challtestsrvAt } from './challtestsrv.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { httpsRequest } from './https-request.ts';
import { existingAccount } from './lab-account.ts';
import { findPebble } from './pebble-binaries.ts';
import {
  type PebbleOptions,
  type Ports,
  challtestsrvArgs,
  choosePorts,
  environmentOf,
  pebbleArgs,
  writeConfiguration,
} from './pebble-configuration.ts';

/** A real CA on loopback, its DNS server, and ways to ask both behind the product's back. */
export interface PebbleLab {
  directoryUrl: string;
  /** The root of Pebble's own HTTPS, as a file for `--ca-file` and as text. */
  caFile: string;
  caPem: string;
  managementUrl: string;
  /** Where Pebble looks for http-01 and tls-alpn-01 answers, on 127.0.0.1. */
  httpPort: number;
  tlsPort: number;
  /** `127.0.0.1:PORT` of the DNS server that Pebble asks. */
  dnsAddress: string;
  challtestsrv: Challtestsrv;
  /** The n-th root that issues certificates, and the intermediates below it, as PEM. */
  root(n?: number): Promise<string>;
  intermediates(n?: number): Promise<string>;
  /** The authorization as Pebble itself has it; the URL may be one that a proxy in front of it handed out. */
  askAuthorization(url: string, accountKeyPem: string, accountUrl: string): Promise<AuthorizationSeen>;
  /** What Pebble answers from now on when it is asked when to renew this certificate (RFC 9773). */
  setRenewalInfo(certificatePem: string, answer: object): Promise<void>;
  /** What Pebble and its DNS server printed last. */
  output(): string;
  stop(): Promise<void>;
}

export interface AuthorizationSeen {
  status: string;
  identifier: { type: string; value: string };
  wildcard?: boolean;
  expires?: string;
  challenges: { type: string; url: string; status: string; token?: string }[];
}

const startAttempts = 3;
const startTimeoutMs = 60_000;

/** Starts Pebble and pebble-challtestsrv on free ports of 127.0.0.1, and waits until both answer. */
export async function startPebble(options: PebbleOptions = {}): Promise<PebbleLab> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Somebody took a port between the choice and the start.
      if (attempt === startAttempts || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function startOnce(options: PebbleOptions): Promise<PebbleLab> {
  const binaries = await findPebble();
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-pebble-'));
  const ports = await choosePorts();
  const daemons: Daemon[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const { caPem } = await writeConfiguration(directory, ports, options);
    daemons.push(await startDaemon(binaries.challtestsrv, challtestsrvArgs(ports)));
    daemons.push(
      await startDaemon(binaries.pebble, pebbleArgs(directory, ports, options), {
        env: environmentOf(options),
      }),
    );
    const lab = { ...labOf(directory, caPem, ports, options), output: () => outputOf(daemons), stop };
    await untilReady(lab, daemons);
    return lab;
  } catch (error) {
    await stop();
    throw error;
  }
}

function labOf(
  directory: string,
  caPem: string,
  ports: Ports,
  { dnsServer }: PebbleOptions,
): Omit<PebbleLab, 'output' | 'stop'> {
  const origin = `https://127.0.0.1:${ports.acme}`;
  const directoryUrl = `${origin}/dir`;
  const managementUrl = `https://127.0.0.1:${ports.management}`;
  const managed = async (what: string): Promise<string> => {
    const answer = await httpsRequest(`${managementUrl}/${what}`, { ca: caPem });
    if (answer.status !== 200) throw new Error(`Pebble has no ${what}: ${answer.status}`);
    return answer.body;
  };
  // Pebble makes its URLs from the Host header; those from a proxy are good here under Pebble's own name.
  const own = (url: string): string => new URL(new URL(url).pathname, origin).href;
  return {
    directoryUrl,
    caFile: path.join(directory, 'ca.pem'),
    caPem,
    managementUrl,
    httpPort: ports.http,
    tlsPort: ports.tls,
    dnsAddress: dnsServer ?? `127.0.0.1:${ports.dns}`,
    challtestsrv: challtestsrvAt(`http://127.0.0.1:${ports.challtestsrv}`),
    root: (n = 0) => managed(`roots/${n}`),
    intermediates: (n = 0) => managed(`intermediates/${n}`),
    async setRenewalInfo(certificatePem, renewalInfo) {
      const body = JSON.stringify({ Certificate: certificatePem, ARIResponse: JSON.stringify(renewalInfo) });
      const url = `${managementUrl}/set-renewal-info/`;
      const answer = await httpsRequest(url, { method: 'POST', body, ca: caPem });
      if (answer.status !== 200) throw new Error(`Pebble takes no renewal information: ${answer.status}`);
    },
    async askAuthorization(url, accountKeyPem, accountUrl) {
      const account = existingAccount({ directoryUrl, caPem }, accountKeyPem, own(accountUrl));
      const answer = await account.post(own(url));
      if (answer.status !== 200) throw new Error(`Pebble on ${url}: ${answer.status} ${answer.body}`);
      return JSON.parse(answer.body) as AuthorizationSeen;
    },
  };
}

function outputOf(daemons: Daemon[]): string {
  return daemons.map((daemon) => daemon.output()).join('\n');
}

async function untilReady(lab: PebbleLab, daemons: Daemon[]): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!(await isReady(lab))) {
    if (daemons.some((daemon) => !daemon.isRunning())) throw new Error(`Pebble ended:\n${lab.output()}`);
    if (Date.now() > deadline) throw new Error(`Pebble did not start in time:\n${lab.output()}`);
    await delay(50);
  }
}

async function isReady(lab: PebbleLab): Promise<boolean> {
  try {
    await lab.root();
    const directory = await httpsRequest(lab.directoryUrl, { ca: lab.caPem });
    await lab.challtestsrv.setDefaultIpv6('');
    return directory.status === 200;
  } catch {
    return false;
  }
}
