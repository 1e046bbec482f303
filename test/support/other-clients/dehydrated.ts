import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type LeavingClient, assertOutcome, onlyFile, runClient, writeHook } from './client-run.ts';

/** dehydrated stops at its first hook that fails. It prints no URL: its account's list of orders is the only way to them. */
export const dehydrated: LeavingClient = async ({ directoryUrl, caFile, directory }, names) => {
  const logFile = path.join(directory, 'dehydrated.log');
  const configDirectory = path.join(directory, 'config');
  await mkdir(configDirectory);
  const config = path.join(configDirectory, 'config');
  const hook = await writeHook(path.join(directory, 'hook.sh'), '[ "$1" != deploy_challenge ]');
  await writeFile(
    config,
    [
      `CA=${directoryUrl}`,
      `BASEDIR=${configDirectory}`,
      `HOOK=${hook}`,
      'CHALLENGETYPE=dns-01',
      `CURL_OPTS="--cacert ${caFile}"`,
      // Keys of 4096 bits may take seconds.
      'ACCOUNT_KEYSIZE=2048',
      'KEY_ALGO=prime256v1',
    ].join('\n'),
  );
  const run = (...args: string[]): Promise<number | string> =>
    runClient({ program: 'dehydrated', args: ['--config', config, ...args], logFile });
  await assertOutcome(await run('--register', '--accept-terms'), 0, logFile);
  await assertOutcome(await run('--cron', ...names.flatMap((name) => ['--domain', name])), 1, logFile);
  return { logFile, configDirectory, accountKeyFile: await onlyFile(configDirectory, 'account_key.pem') };
};
