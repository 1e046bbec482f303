import path from 'node:path';
import { type LeavingClient, assertOutcome, onlyFile, runClient } from './client-run.ts';

/** certbot dies in its first hook: with a hook that fails it would go on and submit the challenges. */
export const certbot: LeavingClient = async ({ directoryUrl, caFile, directory }, names) => {
  const folder = (name: string): string => path.join(directory, name);
  const outcome = await runClient({
    program: 'certbot',
    args: [
      ...['certonly', '--non-interactive', '--agree-tos', '--register-unsafely-without-email'],
      ...['--server', directoryUrl, '--manual', '--preferred-challenges', 'dns'],
      ...['--manual-auth-hook', 'kill -9 $PPID', ...names.flatMap((name) => ['--domain', name])],
      ...['config', 'work', 'logs'].flatMap((name) => [`--${name}-dir`, folder(name)]),
    ],
    env: { REQUESTS_CA_BUNDLE: caFile },
    logFile: folder('printed.txt'),
  });
  await assertOutcome(outcome, 'SIGKILL', folder('printed.txt'));
  return {
    logFile: path.join(folder('logs'), 'letsencrypt.log'),
    configDirectory: folder('config'),
    accountKeyFile: await onlyFile(folder('config'), 'private_key.json'),
  };
};
