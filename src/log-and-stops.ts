export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** When to stop. */
export interface Stops {
  /** Aborted by SIGINT, SIGTERM or the run's time limit: start nothing new, settle what is open. */
  work: AbortSignal;
  /**
   * Aborted some seconds later: the end. Requests that change something at the CA listen to this one alone, so that an
   * interrupt never loses the answer to a newOrder.
   */
  grace: AbortSignal;
}

export interface Interruption extends Stops {
  /** The signal that stopped the program; null while it runs. */
  signal: 'SIGINT' | 'SIGTERM' | null;
  dispose(): void;
}

/** The exit code of a run that a signal stopped, whatever it would have been; null while none came. */
export function stoppedCode({ signal }: Pick<Interruption, 'signal'>): number | null {
  if (signal === null) return null;
  return signal === 'SIGINT' ? 130 : 143;
}

/** Writes a line into the log file of the run alone. */
export type LogLine = (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
