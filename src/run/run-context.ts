import type { TakeTurn } from '../acme/http/pacer.ts';
import type { ClosableLog, Interruption } from '../log-and-stops.ts';
import type { ErrorRecord } from '../errors.ts';
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

export interface Progress {
  /** That many more will come, or fewer than was thought. */
  expect(count: number): void;
  done(): void;
  stop(): void;
}

export interface FileProgress extends Progress {
  /** So many more bytes of the files were read. */
  read(bytes: number): void;
}

export type Lines = string | readonly string[];

/** How what a command does is told to a person or a script; the terminal's is src/cli/output/output.ts. */
export interface Output {
  json: boolean;
  /** One value: as JSON, or as the line or lines that `text` makes of it. What a CA said can't make lines of its own. */
  result<T>(value: T, text: (value: T) => Lines): void;
  /** One value of a list. */
  line<T>(value: T, text: (value: T) => Lines): void;
  table(head: readonly string[], rows: readonly (readonly string[])[]): Promise<void>;
  note(text: string): void;
  conclude(text: string): void;
  /** What was done otherwise than asked, with a hint, on stderr, always. */
  warn: (message: string, hint: string) => void;
  /** An error with its hint, on stderr, always. @param subject what it is about, which is put before it unless the message names it */
  complainOf: (record: ErrorRecord, subject?: string) => void;
  /** A bar on the terminal, where there is one, for so many as will be expected. @param what in the plural */
  progress(what: string): Promise<Progress>;
  /** The same for what is found in files while they are read. */
  fileProgress(files: readonly string[], what: string): Promise<FileProgress>;
}
