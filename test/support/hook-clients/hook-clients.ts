import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { assertOutcome, runClient, type ClientCommand } from '../other-clients/client-run.ts';
import type { PebbleLab } from '../pebble.ts';
import type { HookScripts, ScriptWords } from './hook-scripts.ts';

/** A real client that proves names with a hook. */
export interface HookClient {
  script: ScriptWords;
  /** The options by which acme-ledger calls the same hook. */
  options: (scripts: HookScripts) => string[];
  /** Gets a certificate for the name and its wildcard. */
  issue: (lab: PebbleLab, scripts: HookScripts, name: string) => Promise<void>;
}

async function run(command: Omit<ClientCommand, 'logFile'>, directory: string): Promise<void> {
  const logFile = path.join(directory, 'client.log');
  // dehydrated starts some hundred processes for an order.
  await assertOutcome(await runClient({ ...command, logFile, timeoutMs: 200_000 }), 0, logFile);
}

const legoScript = `[ "$2" != -- ] || { act=$1; shift 2; set -- "$act" "_acme-challenge.$1." "$(
  printf %s "$3" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=')"; }
case $1 in present) add "$2" "$3" ;; cleanup) remove "$2" "$3" ;; *) exit 1 ;; esac`;

function lego(mode: 'RAW' | ''): HookClient {
  return {
    script: { body: `keep "$@"\n${legoScript}` },
    options: ({ hook }) => ['--hook', hook, ...(mode === '' ? [] : ['--hook-style', 'lego-raw'])],
    issue: ({ directoryUrl, caFile, dnsAddress }, { hook, directory }, name) =>
      run(
        {
          program: 'lego',
          args: [
            ...['--server', directoryUrl, '--accept-tos', '--email', 'lab@example.org', '--path', directory],
            ...['--dns', 'exec', '--dns.disable-cp', '--dns.resolvers', dnsAddress],
            ...['--domains', name, '--domains', `*.${name}`, 'run'],
          ],
          env: {
            LEGO_CA_CERTIFICATES: caFile,
            EXEC_PATH: hook,
            EXEC_MODE: mode,
            EXEC_SEQUENCE_INTERVAL: '1',
            EXEC_POLLING_INTERVAL: '1',
          },
        },
        directory,
      ),
  };
}

function dehydrated(chain: 'yes' | 'no'): HookClient {
  return {
    script: {
      body: `case $1 in deploy_challenge) act=add ;; clean_challenge) act=remove ;; *) exit 0 ;; esac
keep "$@"; shift
while [ $# -gt 0 ]; do $act "_acme-challenge.$1." "$3"; shift 3; done`,
    },
    options: ({ hook }) => [
      ...['--hook', hook, '--hook-style', chain === 'yes' ? 'dehydrated-chain' : 'dehydrated'],
    ],
    issue: async ({ directoryUrl, caFile }, { hook, directory }, name) => {
      const config = path.join(directory, 'config');
      const lines = [`CA=${directoryUrl}`, `BASEDIR=${directory}`, `HOOK=${hook}`, `HOOK_CHAIN=${chain}`];
      lines.push('CHALLENGETYPE=dns-01', `CURL_OPTS="--cacert ${caFile}"`);
      lines.push('ACCOUNT_KEYSIZE=2048', 'KEY_ALGO=prime256v1');
      await writeFile(config, lines.join('\n'));
      const base = ['--config', config];
      await run({ program: 'dehydrated', args: [...base, '--register', '--accept-terms'] }, directory);
      const names = ['--domain', name, '--domain', `*.${name}`];
      await run({ program: 'dehydrated', args: [...base, '--cron', ...names] }, directory);
    },
  };
}

const certbot: HookClient = {
  script: {
    variables: 'CERTBOT_',
    body: `keep "$@"
if [ -z "$CLEANUP" ]; then add "_acme-challenge.$CERTBOT_DOMAIN." "$CERTBOT_VALIDATION"; echo printed
else remove "_acme-challenge.$CERTBOT_DOMAIN." "$CERTBOT_VALIDATION"; fi`,
  },
  options: ({ hook, cleanupHook }) => [
    ...['--hook', hook, '--cleanup-hook', cleanupHook, '--hook-style', 'certbot'],
  ],
  issue: ({ directoryUrl, caFile }, { hook, cleanupHook, directory }, name) =>
    run(
      {
        program: 'certbot',
        args: [
          ...['certonly', '--non-interactive', '--agree-tos', '--register-unsafely-without-email'],
          ...['--server', directoryUrl, '--manual', '--preferred-challenges', 'dns'],
          ...['--manual-auth-hook', hook, '--manual-cleanup-hook', cleanupHook],
          ...['--domain', name, '--domain', `*.${name}`],
          ...['config', 'work', 'logs'].flatMap((each) => [`--${each}-dir`, path.join(directory, each)]),
        ],
        env: { REQUESTS_CA_BUNDLE: caFile },
      },
      directory,
    ),
};

/** By their hook styles. uacme 1.7.4 of Debian isn't among them: it gives up at a challenge without a token, and Pebble offers dns-persist-01. */
export const hookClients: Readonly<Record<string, HookClient>> = {
  lego: lego(''),
  'lego-raw': lego('RAW'),
  certbot,
  dehydrated: dehydrated('no'),
  'dehydrated-chain': dehydrated('yes'),
};
