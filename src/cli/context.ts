import type { TakeTurn } from '../acme/pacer.ts';
import type { Interruption } from './interruption.ts';
import type { ClosableLog } from './log.ts';
import type { Output } from './output.ts';
import type { Settings } from './settings/settings.ts';

/** What every command gets. */
export interface CommandContext {
  settings: Settings;
  output: Output;
  log: ClosableLog;
  stops: Interruption;
  /** `--rate`: what each request to a CA waits for. */
  takeTurn?: TakeTurn;
}
