import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cleanEnvironment } from '../../test/support/workspace.ts';
import { type Surroundings, clients } from '../clients.ts';
import type { CommandLine } from '../measured-process.ts';

const run = promisify(execFile);

/** Obtains many certificates, some at a time. */
export interface BatchClient {
  name: string;
  /** Null when it isn't installed. */
  version(): Promise<string | null>;
  /** How many certificates are enough to tell; fewer where one takes long. */
  certificates(atMost: number, concurrency: number): number;
  /** Whether its most memory is of one process, so that it says something of many certificates. */
  isOneProcess: boolean;
  /**
   * A certificate for each name by http-01 from the webroot, with P-256 keys, on an account that all runs share. What comes before the
   * command, and isn't measured, is done when this returns.
   */
  prepare(surroundings: Surroundings, names: readonly string[], concurrency: number): Promise<CommandLine>;
}

const fileBesides = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const acmeLedger: BatchClient = {
  name: 'acme-ledger',
  version: versionOf('acme-ledger'),
  certificates: (atMost) => atMost,
  isOneProcess: true,
  prepare: (surroundings, names, concurrency) =>
    importedRenewal(
      surroundings,
      names.map((name) => ({ name, directoryUrl: surroundings.directoryUrl })),
      concurrency,
    ),
};

/** A `renew` of certificates that were imported, each from the CA that is said. */
export async function importedRenewal(
  { directoryUrl, caFile, webroot, stateDir }: Surroundings,
  wanted: readonly { name: string; directoryUrl: string }[],
  concurrency: number,
): Promise<CommandLine> {
  const env = cleanEnvironment({
    ACME_LEDGER_CA: directoryUrl,
    ACME_LEDGER_CA_FILE: caFile,
    ACME_LEDGER_STATE_DIR: path.join(stateDir, 'acme-ledger'),
    ACME_LEDGER_AGREE_TOS: 'yes',
  });
  const program = fileBesides('../../bin/acme-ledger');
  const list = path.join(stateDir, 'list.csv');
  const rows = wanted.map(({ name, directoryUrl: ca }) => `${name},${webroot},${ca}\n`);
  await writeFile(list, `names,webroot,ca\n${rows.join('')}`);
  await run(process.execPath, [program, 'cert', 'import', list], { env });
  const args = [program, 'renew', '--concurrency', String(concurrency), '--wait', '1m'];
  return { file: process.execPath, args, env };
}

const auto: BatchClient = {
  name: 'auto()',
  version: versionOf('auto()'),
  certificates: (atMost) => atMost,
  isOneProcess: true,
  async prepare({ directoryUrl, caFile, webroot, stateDir }, names, concurrency) {
    const args = [directoryUrl, caFile, path.join(stateDir, 'auto'), webroot, String(concurrency)];
    const command = [process.execPath, fileBesides('../peers/auto-many.mjs'), ...args];
    return fromList('"${@:2}" <"$1"', await listOf(stateDir, names), command, cleanEnvironment());
  },
};

const lego: BatchClient = {
  name: 'lego',
  version: versionOf('lego'),
  // It looks at an authorization at once, and then again some five seconds later.
  certificates: (atMost, concurrency) => Math.min(atMost, 4 * concurrency),
  isOneProcess: false,
  async prepare({ directoryUrl, caFile, webroot, stateDir }, names, concurrency) {
    const command = [
      ...['lego', '--server', directoryUrl, '--accept-tos', '--email', 'bench@example.org'],
      ...['--path', path.join(stateDir, 'lego'), '--http', '--http.webroot', webroot],
      ...['--domains', 'NAME', 'run'],
    ];
    const each = `xargs -P ${concurrency} -I NAME "\${@:2}" <"$1"`;
    const env = cleanEnvironment({ LEGO_CA_CERTIFICATES: caFile });
    return fromList(each, await listOf(stateDir, names), command, env);
  },
};

export const batchClients: readonly BatchClient[] = [acmeLedger, auto, lego];

function versionOf(client: string): () => Promise<string | null> {
  return async () => (await clients.find(({ name }) => name === client)?.version()) ?? null;
}

async function listOf(stateDir: string, names: readonly string[]): Promise<string> {
  const list = path.join(stateDir, 'list.txt');
  await writeFile(list, names.map((name) => `${name}\n`).join(''));
  return list;
}

/** A command that reads a list of names. */
function fromList(script: string, list: string, command: string[], env: NodeJS.ProcessEnv): CommandLine {
  return {
    file: 'bash',
    args: ['-c', script.startsWith('xargs') ? script : `exec ${script}`, 'bash', list, ...command],
    env,
  };
}
