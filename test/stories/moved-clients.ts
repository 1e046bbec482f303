import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Installation } from '../support/installation.ts';
import type { PebbleLab } from '../support/pebble.ts';

const run = promisify(execFile);

/** A client as the distribution has it, with folders of its own, that obtains certificates. */
export interface MovedClient {
  /** As `--import-accounts` takes it. */
  choice: string;
  /** Obtains one certificate with these options of the client. */
  obtain(...options: string[]): Promise<void>;
}

/** certbot, whose other commands a person types, too. */
export interface MovedCertbot extends MovedClient {
  /** @returns what it printed */
  type(command: string, ...words: string[]): Promise<string>;
}

export function certbotAt(lab: PebbleLab, here: Installation): MovedCertbot {
  const folders = ['config', 'work', 'logs'].flatMap((name) => [
    `--${name}-dir`,
    here.file(`certbot/${name}`),
  ]);
  const consent = ['-n', '--agree-tos', '--register-unsafely-without-email', '--server', lab.directoryUrl];
  const type = async (command: string, ...words: string[]): Promise<string> => {
    const env = { ...process.env, REQUESTS_CA_BUNDLE: lab.caFile };
    return (await run('certbot', [command, ...folders, ...words], { env })).stdout;
  };
  return {
    choice: `certbot:${here.file('certbot/config')}`,
    async obtain(...options) {
      await type('certonly', ...consent, '--key-type', 'ecdsa', ...options);
    },
    type,
  };
}

export function legoAt(lab: PebbleLab, here: Installation, dnsHook: string): MovedClient {
  const consent = ['--accept-tos', '--email', 'admin@provider.test', '--server', lab.directoryUrl];
  return {
    choice: `lego:${here.file('lego')}`,
    async obtain(...options) {
      const env = { ...process.env, LEGO_CA_CERTIFICATES: lab.caFile, EXEC_PATH: dnsHook };
      await run('lego', ['--path', here.file('lego'), ...consent, ...options, 'run'], { env });
    },
  };
}

/** certbot's two hooks for dns-01, made of a hook that lego would call. */
export async function certbotHooks(
  here: Installation,
  dnsHook: string,
): Promise<[auth: string, cleanup: string]> {
  const hook = async (name: string, action: string): Promise<string> => {
    const call = `"${dnsHook}" ${action} "_acme-challenge.$CERTBOT_DOMAIN." "$CERTBOT_VALIDATION"`;
    await writeFile(here.file(name), `#!/bin/sh\nexec ${call}\n`);
    await chmod(here.file(name), 0o755);
    return here.file(name);
  };
  return [await hook('auth.sh', 'present'), await hook('cleanup.sh', 'cleanup')];
}
