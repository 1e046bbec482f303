import type { TakeTurn } from '../acme/http/pacer.ts';
import type { Interruption } from '../cli/interruption.ts';
import type { ClosableLog } from '../cli/output/log.ts';
import type { Output } from '../cli/output/output.ts';
import type { Settings } from '../settings/settings.ts';

/** What every command gets. */
export interface CommandContext {
  settings: Settings;
  output: Output;
  log: ClosableLog;
  stops: Interruption;
  /** `--rate`: what each request to a CA waits for. */
  takeTurn?: TakeTurn;
}
