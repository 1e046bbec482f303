import { systemClock } from '../clock.ts';
import { waitsTooLong } from '../issuance/due/fallback-choice.ts';
import { isEndingSoon } from '../issuance/due/renewal-window.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type DueCounts, countDue, standingsNow } from '../plan/standings.ts';
import { isFailing } from '../report/certificate-status.ts';
import type { CommandContext } from '../run/run-context.ts';

export interface CertificateCounts extends DueCounts {
  total: number;
  /**
   * Of the due certificates: `renew` leaves these as they are until names of theirs are mended or resumed.
   */
  leftAlone: number;
  failing: number;
  /**
   * Certificates near their end: a tenth of their own life is left, or half of the time between the day that
   * they are due and their end is over. Without the paused ones.
   */
  expiringSoon: number;
  /** Due certificates that wait for longer than they can. */
  waitingTooLong: number;
  /** Certificates that somebody paused: they are neither due nor failing. */
  paused: number;
  /** Of the paused certificates: those near their end, or past it. */
  pausedEnding: number;
}

/** The certificates that somebody has to look at, by name. */
export interface Concerns {
  failing: string[];
  waitingTooLong: string[];
  endingSoon: string[];
  /** The CAs that certificates are wanted from. */
  authorities: ReadonlySet<string>;
}

export interface CertificateFigures {
  counts: CertificateCounts;
  /** Without the paused certificates: whoever paused them knows. */
  concerns: Concerns;
}

export async function certificateFigures(
  context: CommandContext,
  ledger: Ledger,
): Promise<CertificateFigures> {
  const now = systemClock.now();
  const rows = await listCertificates(ledger);
  const standings = await standingsNow(context, ledger);
  const due = countDue(standings);
  const paused = rows.filter((row) => pauseOf(row, now) !== null);
  const active = rows.filter((row) => pauseOf(row, now) === null);
  const failing = active.filter(isFailing);
  const long = active.filter((row) => {
    const standing = standings.get(row.name);
    return standing !== undefined && waitsTooLong(standing.error, row, now);
  });
  const ending = active.filter((row) => isEndingSoon(row, now));
  const pausedEnding = paused.filter((row) => isEndingSoon(row, now)).length;
  return {
    counts: {
      total: rows.length,
      ...due,
      leftAlone: due.waits.find((wait) => wait.for === 'suspended')?.count ?? 0,
      failing: failing.length,
      expiringSoon: ending.length,
      waitingTooLong: long.length,
      paused: paused.length,
      pausedEnding,
    },
    concerns: {
      failing: namesOf(failing),
      waitingTooLong: namesOf(long),
      endingSoon: namesOf(ending),
      authorities: new Set(active.map(({ ca }) => ca)),
    },
  };
}

function namesOf(rows: readonly { name: string }[]): string[] {
  return rows.map(({ name }) => name);
}
