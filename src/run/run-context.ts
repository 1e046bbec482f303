import type { TakeTurn } from '../acme/http/pacer.ts';
import type { Interruption, Log } from '../log-and-stops.ts';
import type { ErrorRecord } from '../errors.ts';
import type { RunRecord } from './run-record.ts';
import type { Settings } from '../settings/settings.ts';

/** The settings and ports that every command gets. */
export interface CommandContext {
  settings: Settings;
  output: Output;
  log: Log;
  /** What was asked for, and what comes of it. */
  record: RunRecord;
  stops: Interruption;
  /** `--rate`: the turn that each request to a CA waits for. */
  takeTurn?: TakeTurn;
}

export interface Progress {
  /** So many more items will come, or fewer than was thought. */
  expect(count: number): void;
  done(): void;
  stop(): void;
}

export interface FileProgress extends Progress {
  /** So many more bytes of the files were read. */
  read(bytes: number): void;
}

export type Lines = string | readonly string[];

/** How a command speaks to a person or a script; the terminal's is src/cli/output/output.ts. */
export interface Output {
  json: boolean;
  /** A person sits at a terminal and reads along: lines of long runs scroll away. */
  isWatched: boolean;
  /** How many times anything was written on either stream so far. */
  written: () => number;
  /**
   * One value: as JSON, or as the line or lines that `text` makes of it. Text of a CA can't make lines of its
   * own.
   */
  result<T>(value: T, text: (value: T) => Lines): void;
  /** One value of a list. */
  line<T>(value: T, text: (value: T) => Lines): void;
  /**
   * A list for a person; on a terminal it is made to fit. @param spare of each column, when it is left out
   * where there is no room: the highest number first, 0 never
   */
  table(
    head: readonly string[],
    rows: readonly (readonly string[])[],
    spare?: readonly number[],
  ): Promise<void>;
  note(text: string): void;
  conclude(text: string): void;
  /** A warning that something was done otherwise than asked, with a hint, on stderr, always. */
  warn: (message: string, hint: string) => void;
  /**
   * An error with its hint, on stderr, always. @param subject the error's subject, put before it unless the
   * message names it
   */
  complainOf: (record: ErrorRecord, subject?: string) => void;
  /** Like `complainOf`, for an error that the log has already. */
  repeat: (record: ErrorRecord, subject?: string) => void;
  /** Like `conclude`, behind the error with which the command is about to end and its hint: a person reads that first. */
  concludeBehind(text: string): void;
  /** Something that was thrown, on stderr, always. */
  complain: (error: unknown) => void;
  /** Like `complain`, with a text for the terminal that the log doesn't get: it may hold words of commands. */
  refuse: (error: unknown, shown: unknown) => void;
  /**
   * A bar on the terminal, where there is one, for as many items as will be expected. @param what the items,
   * in the plural
   */
  progress(what: string): Promise<Progress>;
  /** Like `progress`, for items that are found in files while these are read. */
  fileProgress(files: readonly string[], what: string): Promise<FileProgress>;
}
