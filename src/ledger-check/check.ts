import type { Clock } from '../clock.ts';
import { checkLedger } from '../ledger/check/check.ts';
import type { Finding } from '../ledger/check/finding.ts';
import { findingsMax } from '../ledger/check/finding.ts';
import type { LedgerUnderCheck } from '../ledger/ledger-store.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { FileCheck } from './file-checks.ts';
import { accountKeyFindings, certificateFileFindings } from './file-checks.ts';
import { filesBefore, orderFileFindings } from './order-files.ts';
import { unknownCertificateFindings } from './unknown-certificates.ts';
import { startRun } from '../issuance/ownership/lease.ts';

/** What became of a finding. `not-mended`: it could be, if the ledger could be written. */
export type Outcome = 'mended' | 'would-mend' | 'not-mended' | 'remains';

/** One line of `ledger check --json`. */
export type CheckLine = Omit<Finding, 'mend'> & { outcome: Outcome };

export interface CheckSummary {
  rows: number;
  errors: number;
  notes: number;
  mended: number;
  remaining: number;
  /** Not everything could be looked at, or there is more of a kind than is told at once. */
  incomplete: boolean;
}

export interface CheckOptions {
  stateDir: string;
  clock: Clock;
  dryRun: boolean;
  /** The words of a command line that lead to this ledger. */
  globalOptions?: readonly string[];
  /** Aborted: nothing more is mended. */
  signal: AbortSignal;
}

/**
 * Checks the ledger against itself and against the files that it tells of, and mends what can be mended without asking a CA or
 * guessing (docs/decisions.md#mending-the-ledger).
 * @param onLine called for each finding
 * @throws AcmeLedgerError `ledger-failed`, `store`
 */
export async function check(
  under: LedgerUnderCheck,
  options: CheckOptions,
  onLine: (line: CheckLine) => void,
): Promise<CheckSummary> {
  const now = options.clock.now();
  const withFiles = await filesBefore(options.stateDir);
  const { findings, rows, isIncomplete, isDamaged } = await checkLedger(under, { now });
  if (!isDamaged && under.isCurrent) {
    const files: FileCheck = { ledger: under.ledger, stateDir: options.stateDir, now };
    findings.push(...(await orderFileFindings(files, withFiles)));
    findings.push(...(await accountKeyFindings(files)));
    findings.push(...(await certificateFileFindings(files)));
    findings.push(...(await unknownCertificateFindings(files, options.globalOptions ?? [])));
  }
  const summary = {
    rows,
    errors: 0,
    notes: 0,
    mended: 0,
    remaining: 0,
    incomplete: isIncomplete || hasMore(findings),
  };
  const mayMend = !options.dryRun && !isDamaged && under.isWritable;
  const otherwise = options.dryRun ? 'would-mend' : 'not-mended';
  const mendable = findings.filter((finding) => finding.mend !== undefined);
  const mended =
    mayMend && mendable.length > 0 ? await mendAll(under, options, mendable) : new Map<Finding, boolean>();
  for (const finding of findings) {
    const isMended = mended.get(finding);
    // Somebody else was first.
    if (isMended === false) continue;
    count(summary, finding, isMended === true);
    onLine(
      lineOf(finding, isMended === true ? 'mended' : finding.mend === undefined ? 'remains' : otherwise),
    );
  }
  return summary;
}

/** @returns whether each was mended, or had gone by itself; one that isn't in it wasn't tried */
async function mendAll(
  under: LedgerUnderCheck,
  { clock, signal }: CheckOptions,
  findings: readonly Finding[],
): Promise<Map<Finding, boolean>> {
  const mended = new Map<Finding, boolean>();
  const run = await startRun(under.ledger, clock, 'ledger check');
  const writer: LedgerWriter = { ledger: under.ledger, runId: run.id, clock };
  try {
    for (const finding of findings) {
      if (signal.aborted || finding.mend === undefined) break;
      mended.set(finding, await finding.mend(writer));
    }
  } finally {
    await run.end();
  }
  return mended;
}

/** Of one kind no more are told at once. */
function hasMore(findings: readonly Finding[]): boolean {
  const counts = new Map<string, number>();
  for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts.values()].some((count) => count >= findingsMax);
}

function count(summary: CheckSummary, { level }: Finding, isMended: boolean): void {
  if (level === 'note') {
    summary.notes += 1;
    return;
  }
  summary.errors += 1;
  if (isMended) summary.mended += 1;
  else summary.remaining += 1;
}

function lineOf({ code, level, table, id, message, hint }: Finding, outcome: Outcome): CheckLine {
  return { code, level, table, id, message, hint, outcome };
}
