import { execFile } from 'node:child_process';
import { AcmeLedgerError, messageOf } from '../../../errors.ts';
import { failedWith } from '../../../system/durable-file.ts';

/** The end of one nsupdate: null when the server has done the update, or else what nsupdate said of it. */
export type Refusal = string | null;

const timeoutMs = 30_000;
/** nsupdate's own limits in seconds: three tries by UDP fit into the time that it has. */
const limits = ['-t', '25', '-u', '5', '-r', '2'];
const maxOutputBytes = 64 * 1024;

/**
 * Runs Debian's `nsupdate` without a shell. The script, and the key in it, go through its standard input: arguments can be read by every user
 * of the machine.
 * @throws AcmeLedgerError `solver` when there is no nsupdate; the signal's reason, once the process is gone
 */
export async function nsupdate(script: readonly string[], signal: AbortSignal): Promise<Refusal> {
  signal.throwIfAborted();
  const { error, output } = await run(`${script.join('\n')}\n`, signal);
  signal.throwIfAborted();
  if (error === null) return null;
  if (failedWith(error, 'ENOENT')) {
    throw new AcmeLedgerError('solver', "nsupdate isn't installed, and rfc2136 needs it", {
      hint: 'apt-get install bind9-dnsutils (Fedora: dnf install bind-utils)',
      cause: error,
    });
  }
  if (error.killed === true) return `timed out after ${String(timeoutMs / 1000)} s`;
  return output.trim() === '' ? messageOf(error) : output;
}

interface Ended {
  error: (Error & { killed?: boolean | undefined }) | null;
  output: string;
}

function run(script: string, signal: AbortSignal): Promise<Ended> {
  const { PATH } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      'nsupdate',
      limits,
      {
        // Its messages are read: they are not to be translated.
        env: { LC_ALL: 'C', ...(PATH === undefined ? {} : { PATH }) },
        maxBuffer: maxOutputBytes,
        timeout: timeoutMs,
        signal,
      },
      (error, stdout, stderr) => {
        resolve({ error, output: `${stderr}\n${stdout}` });
      },
    );
    // EPIPE: it ended before it had read everything, and says why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(script);
  });
}
