import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PebbleLab, startPebble } from '../../test/support/pebble.ts';
import { type ProgramResult, type RunningProgram, startProgram } from '../../test/support/program.ts';
import { type WebrootServer, serveWebroot } from '../../test/support/webroot-server.ts';

/** What the demo plays on: a CA, a web server, and a directory with a configuration file and a hook that fails. */
export interface Stage {
  directory: string;
  pebble: PebbleLab;
  /** Runs the built program there, to its end. */
  run(args: readonly string[]): Promise<ProgramResult>;
  /** Ends the program that is running now, and lets none start any more. */
  interrupt(): void;
  /** Lets the directory stay after `close`. */
  keep(): void;
  close(): Promise<void>;
}

const runTimeoutMs = 15_000;

const brokenHook = `#!/bin/sh
# A DNS provider that accepts nothing any more.
[ "$1" = cleanup ] && exit 0
echo "the API token has expired" >&2
exit 1
`;

export async function openStage(): Promise<Stage> {
  const pebble = await startPebble();
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-demo-'));
  let webServer: WebrootServer | undefined;
  let isKept = false;
  const close = async (): Promise<void> => {
    await webServer?.stop();
    await pebble.stop();
    if (!isKept) await rm(directory, { recursive: true, force: true });
  };
  try {
    await furnish(directory, pebble);
    webServer = await serveWebroot(path.join(directory, 'webroot'), pebble.httpPort);
  } catch (error) {
    await close();
    throw error;
  }
  return { directory, pebble, ...programIn(directory), keep: () => (isKept = true), close };
}

async function furnish(directory: string, { directoryUrl, caPem }: PebbleLab): Promise<void> {
  const write = (name: string, text: string, mode = 0o644): Promise<void> =>
    writeFile(path.join(directory, name), text, { mode });
  await mkdir(path.join(directory, 'webroot'));
  await write('pebble.pem', caPem);
  await write('dns-hook', brokenHook, 0o755);
  await write(
    'acme-ledger.yaml',
    `ca: ${directoryUrl}\ncaFile: pebble.pem\nstateDir: state\nagreeTos: yes\n`,
  );
}

function programIn(directory: string): Pick<Stage, 'run' | 'interrupt'> {
  let running: RunningProgram | undefined;
  let isInterrupted = false;
  return {
    async run(args) {
      if (isInterrupted) throw new Error('interrupted');
      running = startProgram([...args], {
        cwd: directory,
        // Root reads none of the current directory unless told.
        env: { ACME_LEDGER_CONFIG: 'acme-ledger.yaml' },
        timeoutMs: runTimeoutMs,
      });
      return await running.finished;
    },
    // Its state is thrown away: there is nothing that it would have to settle.
    interrupt() {
      isInterrupted = true;
      running?.kill('SIGKILL');
    },
  };
}
