import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { version } from '../src/version.ts';
import { cleanEnvironment } from '../test/support/workspace.ts';
import type { CommandLine } from './measured-process.ts';

const run = promisify(execFile);

/** Where a client issues. */
export interface Surroundings {
  directoryUrl: string;
  caFile: string;
  webroot: string;
  /** Of all clients; each has a directory of its own in it. */
  stateDir: string;
}

export interface Client {
  name: string;
  /** Null when it isn't installed. */
  version(): Promise<string | null>;
  /** One certificate for these names by http-01 from the webroot, with a P-256 key; the account is registered by the first. */
  command(surroundings: Surroundings, names: readonly string[]): CommandLine;
  /** Roughly, for the announcement of how long the whole takes. */
  secondsPerRun(names: number, latencyMs: number): number;
}

const fileBesides = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const acmeLedger: Client = {
  name: 'acme-ledger',
  version: async () => version,
  command: ({ directoryUrl, caFile, webroot, stateDir }, names) => ({
    file: process.execPath,
    args: [fileBesides('../bin/acme-ledger'), 'issue', ...names, '--webroot', webroot],
    env: cleanEnvironment({
      ACME_LEDGER_CA: directoryUrl,
      ACME_LEDGER_CA_FILE: caFile,
      ACME_LEDGER_STATE_DIR: path.join(stateDir, 'acme-ledger'),
      ACME_LEDGER_AGREE_TOS: 'yes',
    }),
  }),
  secondsPerRun: (names, latencyMs) => 1 + (names * (20 + latencyMs / 5)) / 1000,
};

const auto: Client = {
  name: 'auto()',
  async version() {
    const file = fileBesides('../node_modules/acme-client/package.json');
    return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
  },
  command: ({ directoryUrl, caFile, webroot, stateDir }, names) => ({
    file: process.execPath,
    args: [
      fileBesides('peers/auto.mjs'),
      directoryUrl,
      caFile,
      path.join(stateDir, 'auto'),
      webroot,
      ...names,
    ],
    env: cleanEnvironment(),
  }),
  secondsPerRun: (names, latencyMs) => 1 + (names * (20 + latencyMs / 5)) / 1000,
};

const lego: Client = {
  name: 'lego',
  version: () => installed('lego'),
  command: ({ directoryUrl, caFile, webroot, stateDir }, names) => ({
    file: 'lego',
    args: [
      ...['--server', directoryUrl, '--accept-tos', '--email', 'bench@example.org'],
      ...['--path', path.join(stateDir, 'lego'), '--http', '--http.webroot', webroot],
      ...names.flatMap((name) => ['--domains', name]),
      'run',
    ],
    env: cleanEnvironment({ LEGO_CA_CERTIFICATES: caFile }),
  }),
  // It looks at each authorization at once, one name after the other, and again some five seconds later.
  secondsPerRun: (names, latencyMs) => (latencyMs === 0 ? 1 + 5 * names : 1 + 0.2 * names),
};

const certbot: Client = {
  name: 'certbot',
  version: () => installed('certbot'),
  command: ({ directoryUrl, caFile, webroot, stateDir }, names) => ({
    file: 'certbot',
    args: [
      ...['certonly', '--non-interactive', '--agree-tos', '--email', 'bench@example.org', '--no-eff-email'],
      ...['--server', directoryUrl, '--key-type', 'ecdsa', '--webroot', '--webroot-path', webroot],
      ...['config', 'work', 'logs'].flatMap((what) => [
        `--${what}-dir`,
        path.join(stateDir, 'certbot', what),
      ]),
      ...names.flatMap((name) => ['--domain', name]),
    ],
    env: cleanEnvironment({ REQUESTS_CA_BUNDLE: caFile }),
  }),
  secondsPerRun: (names, latencyMs) => 3 + (names * (100 + latencyMs)) / 1000,
};

export const clients: readonly Client[] = [acmeLedger, auto, lego, certbot];

/** What the program says of itself, and Debian of its package where it is one. */
async function installed(program: string): Promise<string | null> {
  try {
    const { stdout } = await run(program, ['--version']);
    const own = stdout.trim().replace(/^\w+ (version )?/, '');
    const debian = await run('dpkg-query', ['--show', '--showformat', '${Version}', program]).catch(
      () => null,
    );
    return debian === null ? own : `${own} (Debian ${debian.stdout.trim()})`;
  } catch {
    return null;
  }
}
