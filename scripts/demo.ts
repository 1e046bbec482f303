/**
 * `npm run demo [-- --keep]`: the program at work against a real CA on loopback, with nothing to set up before and nothing left
 * behind. It checks what it shows: exit code 1 when something isn't as it says, 130 and the like when interrupted.
 */
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { say } from './demo/screen.ts';
import { type Stage, openStage } from './demo/stage.ts';
import { tellStory } from './demo/story.ts';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
let stage: Stage | undefined;
let interruption: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE' | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal));
// As in `npm run demo | head`.
process.stdout.on('error', () => interrupt('SIGPIPE'));

let isTold = false;
try {
  isTold = await play();
} catch (error) {
  // What an interruption tore down fails in many ways, none of them worth reading.
  if (interruption === undefined) fail(error);
} finally {
  await stage?.close();
}
if (isTold)
  say(
    values.keep
      ? `Kept: ${stage?.directory ?? ''}`
      : 'All as promised; Pebble is stopped, and everything removed.',
  );
if (interruption !== undefined) process.exitCode = 128 + constants.signals[interruption];

/** Whether all was shown. */
async function play(): Promise<boolean> {
  // Fetches it where it is missing, or says what to do.
  await import('./get-pebble.ts');
  if (process.exitCode !== undefined || isInterrupted()) return false;
  stage = await openStage();
  // The signal may have come before there was anything to end.
  if (isInterrupted()) return false;
  await tellStory(stage);
  if (values.keep) stage.keep();
  return true;
}

/** A function, because the type system takes a variable that only a listener changes for a constant. */
function isInterrupted(): boolean {
  return interruption !== undefined;
}

/** Without what runs on the stage, every wait of the story ends at once. */
function interrupt(signal: NonNullable<typeof interruption>): void {
  interruption ??= signal;
  stage?.interrupt();
}

function fail(error: unknown): void {
  process.stderr.write(`\nerror: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
