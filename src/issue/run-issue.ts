import type { Authority } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import { AcmeLedgerError, errorRecord, hasCode } from '../errors.ts';
import type { ErrorRecord } from '../errors.ts';
import { isForFallback } from '../issuance/due/fallback-choice.ts';
import { certificateByName } from '../ledger/certificates/certificates.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import { staysWantedText } from '../report/stays-wanted.ts';
import type { CommandContext } from '../run/run-context.ts';
import { isAboutTheCa } from '../error-kinds.ts';
import { asFallback, fallbackOf, unusable, tellOfFallback } from '../run/fallback.ts';
import type { IssuePlan, IssueReport } from './issue.ts';
import { type IssueForeseen, foresee } from './dry-run.ts';
import { toldOfNames } from '../names/tell-name-hook.ts';
import type { IssueOptions } from '../settings/certificate-fields.ts';
import { issueAt, planIssue } from './issue.ts';
import { withLedger } from '../run/open-ledger.ts';

/**
 * `issue`: one certificate, and then the name hook is told how its names stand.
 * @throws AcmeLedgerError with exit code 2 for anything that a person can have got wrong
 */
export async function runIssue(
  context: CommandContext,
  names: readonly string[],
  options: IssueOptions,
): Promise<IssueReport> {
  const plan = await planIssue(context, names, options);
  return toldOfNames(context, () => tellingOfWanted(context, plan, () => issueOrFallBack(context, plan)));
}

/**
 * `issue --dry-run`: what would happen, from the ledger alone. @throws AcmeLedgerError with exit code 2, as
 * `runIssue`
 */
export async function foreseeIssue(
  context: CommandContext,
  names: readonly string[],
  options: IssueOptions,
): Promise<IssueForeseen> {
  return foresee(context, await planIssue(context, names, options));
}

/** However `act` fails: where no certificate was stored, it says that one stays wanted. */
async function tellingOfWanted(
  { settings, output }: CommandContext,
  { wanted }: IssuePlan,
  act: () => Promise<IssueReport>,
): Promise<IssueReport> {
  try {
    return await act();
  } catch (error) {
    // What failed may be the ledger.
    const row = await withLedger(settings, (ledger) => certificateByName(ledger, wanted.name)).catch(
      () => undefined,
    );
    if (row?.removed_at === null && row.stored_at === null)
      output.concludeBehind(staysWantedText(row.name, pauseOf(row, systemClock.now())));
    throw error;
  }
}

/** One certificate from its CA, or from the fallback when it can't wait for as long as its CA wants. */
async function issueOrFallBack(context: CommandContext, plan: IssuePlan): Promise<IssueReport> {
  const fallback = fallbackOf(context);
  if (fallback === null || fallback.directoryUrl === plan.authority.directoryUrl)
    return issueAt(context, plan);
  let refusal: ErrorRecord | null;
  let end: () => IssueReport;
  try {
    const report = await issueAt(context, plan);
    refusal = report.isOfRehearsal ? null : report.json.error;
    end = () => report;
  } catch (error) {
    if (!(error instanceof AcmeLedgerError && isAboutTheCa(error))) throw error;
    refusal = errorRecord(error);
    end = () => {
      throw error;
    };
  }
  if (refusal === null || context.stops.work.aborted || !(await mustFallBack(context, plan, refusal)))
    return end();
  tellOfFallback(context, plan.wanted.name, refusal.message, fallback);
  return issueThere(context, plan, fallback);
}

async function mustFallBack(
  { settings }: CommandContext,
  { wanted }: IssuePlan,
  refusal: ErrorRecord,
): Promise<boolean> {
  const now = systemClock.now();
  const unwritten = { not_before: null, not_after: null, revoked_at: null, created_at: now };
  const stored = await withLedger(settings, (ledger) => certificateByName(ledger, wanted.name));
  return isForFallback(refusal, stored ?? unwritten, { now, isAskedFor: true });
}

async function issueThere(
  context: CommandContext,
  plan: IssuePlan,
  fallback: Authority,
): Promise<IssueReport> {
  try {
    return await issueAt(asFallback(context), { ...plan, authority: fallback, staging: null });
  } catch (error) {
    if (!hasCode(error, 'usage')) throw error;
    throw unusable(error, fallback);
  }
}
