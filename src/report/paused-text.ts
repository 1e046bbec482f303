import { timeText } from '../clock.ts';
import type { CertificatePause } from '../ledger/certificates/pauses.ts';

/** `paused until …`, or `paused` where nothing but a person ends it; null: the pause is over by now. */
export function pausedText(pause: CertificatePause | null): string {
  const until = pause?.until ?? null;
  return until === null ? 'paused' : `paused until ${timeText(until)}`;
}
