import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { throwawayTls } from './throwaway-tls.ts';

export interface PebbleOptions {
  /** Pebble's PEBBLE_* variables, over the defaults: no sleep before validations, 15 % of the nonces rejected, no reuse (but see `defaultEnv`). */
  env?: Record<string, string>;
  /** Accounts need a binding; key ids with their MAC keys (base64url). */
  eab?: Record<string, string>;
  /** Several make Pebble choose one at random where the order names none. Validity in seconds. */
  profiles?: Record<string, { description: string; validityPeriod: number }>;
  alternateRoots?: number;
  chainLength?: number;
  /** Seconds that Pebble asks clients to wait before the next poll. */
  retryAfter?: { authz: number; order: number };
  domainBlocklist?: string[];
  strict?: boolean;
  /** `ADDR:PORT` of the resolver that Pebble asks, instead of pebble-challtestsrv. */
  dnsServer?: string;
}

const defaultEnv = {
  PEBBLE_VA_NOSLEEP: '1',
  PEBBLE_WFE_NONCEREJECT: '15',
  // Pebble compares such that one valid authorization in a hundred is reused all the same: use fresh names.
  PEBBLE_AUTHZREUSE: '0',
};

/** Ports of 127.0.0.1; `http` and `tls` are where Pebble looks for answers, and stay free for solvers. */
export interface Ports {
  acme: number;
  management: number;
  http: number;
  tls: number;
  dns: number;
  challtestsrv: number;
}

export async function choosePorts(): Promise<Ports> {
  return {
    acme: await freePort(),
    management: await freePort(),
    http: await freePort(),
    tls: await freePort(),
    dns: await freePort(),
    challtestsrv: await freePort(),
  };
}

/** Writes what Pebble reads into `directory`, and gives the root that its clients trust (also there, as ca.pem). */
export async function writeConfiguration(
  directory: string,
  ports: Ports,
  options: PebbleOptions,
): Promise<{ caPem: string }> {
  const tls = await throwawayTls();
  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(directory, name);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  await write('ca.pem', tls.caPem);
  const pebble = {
    listenAddress: `127.0.0.1:${ports.acme}`,
    managementListenAddress: `127.0.0.1:${ports.management}`,
    certificate: await write('certificate.pem', tls.certificatePem),
    privateKey: await write('key.pem', tls.privateKeyPem),
    httpPort: ports.http,
    tlsPort: ports.tls,
    externalAccountBindingRequired: options.eab !== undefined,
    externalAccountMACKeys: options.eab ?? {},
    domainBlocklist: options.domainBlocklist ?? [],
    retryAfter: options.retryAfter ?? {},
    keyAlgorithm: 'ecdsa',
    profiles: options.profiles ?? { default: { description: 'The only one', validityPeriod: 90 * 86_400 } },
  };
  await write('pebble.json', JSON.stringify({ pebble }));
  return { caPem: tls.caPem };
}

export function challtestsrvArgs(ports: Ports): string[] {
  const flags = {
    dnsserver: `127.0.0.1:${ports.dns}`,
    management: `127.0.0.1:${ports.challtestsrv}`,
    defaultIPv4: '127.0.0.1',
    // With an AAAA record Pebble would try ::1 first, where no solver listens.
    defaultIPv6: '',
    // The solvers under test answer the challenges, so nobody else may have the ports.
    http01: '',
    https01: '',
    tlsalpn01: '',
    doh: '',
  };
  return Object.entries(flags).flatMap(([name, value]) => [`-${name}`, value]);
}

export function pebbleArgs(directory: string, ports: Ports, options: PebbleOptions): string[] {
  const args = [
    '-config',
    path.join(directory, 'pebble.json'),
    '-dnsserver',
    options.dnsServer ?? `127.0.0.1:${ports.dns}`,
  ];
  return options.strict === true ? [...args, '-strict'] : args;
}

export function environmentOf({ env, alternateRoots, chainLength }: PebbleOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...defaultEnv,
    ...(alternateRoots === undefined ? {} : { PEBBLE_ALTERNATE_ROOTS: String(alternateRoots) }),
    ...(chainLength === undefined ? {} : { PEBBLE_CHAIN_LENGTH: String(chainLength) }),
    ...env,
  };
}
