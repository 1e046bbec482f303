import type { Clock } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { whileWaiting } from '../../waits.ts';

/** A provider's answer that it wants to be asked less often (HTTP 429, `Throttling`), or that another change is under way. */
export class ProviderBusy extends Error {
  /** By its `Retry-After`; null where it gave none. */
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null = null, cause?: unknown) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/** Sends a request when the provider may be asked, and again when it was too busy. */
export type Ask = <T>(request: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Cloudflare counts over five minutes: its longest pause passes within this time. */
const longestWaitMs = 330_000;
const firstPauseMs = 1_000;
const widestPauseMs = 30_000;

/** The times before which this process asks nothing, in milliseconds since 1970, by provider and account. */
const pauses = new Map<string, number>();

/**
 * Whoever meets a limit makes all requests of the process with the same key wait: they would only meet it, too, and count for it.
 * @param key the provider, and whose limits they are
 */
export function paceOf(key: string, { clock }: { clock: Clock }): Ask {
  return async (request, signal) => {
    const deadlineMs = clock.now().getTime() + longestWaitMs;
    for (let tries = 0; ; tries += 1) {
      await pauseEnd(key, clock, signal);
      try {
        return await request();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ProviderBusy)) throw error;
        const pauseMs = error.retryAfterMs ?? Math.min(firstPauseMs * 2 ** tries, widestPauseMs);
        const untilMs = clock.now().getTime() + pauseMs;
        pauses.set(key, Math.max(untilMs, pauses.get(key) ?? 0));
        if (untilMs > deadlineMs) throw tooBusy(error, new Date(untilMs));
      }
    }
  };
}

async function pauseEnd(key: string, clock: Clock, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  for (;;) {
    const leftMs = (pauses.get(key) ?? 0) - clock.now().getTime();
    if (leftMs <= 0) return;
    const what = (): string => `waiting for ${key.split(' ')[0] ?? key}, which limits its requests`;
    await whileWaiting({ what, limitMs: leftMs }, () => clock.sleep(leftMs, signal));
  }
}

function tooBusy(error: ProviderBusy, retryAt: Date): AcmeLedgerError {
  return new AcmeLedgerError('solver', printable(error.message), {
    hint: 'it limits how often it may be asked; the next run tries again',
    retryAt,
    cause: error,
  });
}

/** The pause that a `Retry-After` header asks for (RFC 9110 §10.2.3): seconds, or a date. Null where it says nothing. */
export function retryAfterMs(header: string | null | undefined, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^[0-9]{1,6}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
