import path from 'node:path';
import { type LeavingClient, assertOutcome, runClient, writeHook } from './client-run.ts';

// Where libcurl with GnuTLS, which uacme is built with, looks for roots. Nothing can name it another place.
const roots = '/etc/ssl/certs/ca-certificates.crt';

/** uacme gives up after a hook that refuses all challenges. */
export const uacme: LeavingClient = async ({ directoryUrl, caFile, directory }, names) => {
  const logFile = path.join(directory, 'uacme.log');
  const configDirectory = path.join(directory, 'config');
  const hook = await writeHook(path.join(directory, 'hook.sh'), 'exit 1');
  // In a mount namespace of its own the lab's root lies over the machine's.
  const trusting = ['-c', `mount --bind "$0" ${roots} && exec "$@"`, caFile];
  const run = (...args: string[]): Promise<number | string> =>
    runClient({
      program: 'unshare',
      args: [
        ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
        ...['--mount', 'sh', ...trusting, 'uacme', '--verbose', '--yes'],
        ...['--acme-url', directoryUrl, '--confdir', configDirectory, ...args],
      ],
      logFile,
    });
  await assertOutcome(await run('new'), 0, logFile);
  await assertOutcome(await run('--hook', hook, 'issue', ...names), 2, logFile);
  return { logFile, configDirectory, accountKeyFile: path.join(configDirectory, 'private/key.pem') };
};
