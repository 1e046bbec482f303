import path from 'node:path';
import { type LeavingClient, assertOutcome, onlyFile, runClient, writeHook } from './client-run.ts';

/** lego dies in its first hook: after one that fails it would deactivate what is pending. */
export const lego: LeavingClient = async ({ directoryUrl, caFile, directory }, names) => {
  const logFile = path.join(directory, 'lego.log');
  const hook = await writeHook(path.join(directory, 'hook.sh'), 'kill -9 $PPID');
  const configDirectory = path.join(directory, 'config');
  const outcome = await runClient({
    program: 'lego',
    args: [
      ...['--server', directoryUrl, '--accept-tos', '--email', 'lab@example.org', '--path', configDirectory],
      ...['--dns', 'exec', ...names.flatMap((name) => ['--domains', name]), 'run'],
    ],
    env: { LEGO_CA_CERTIFICATES: caFile, EXEC_PATH: hook },
    logFile,
  });
  await assertOutcome(outcome, 'SIGKILL', logFile);
  return { logFile, configDirectory, accountKeyFile: await onlyFile(configDirectory, '.key') };
};
