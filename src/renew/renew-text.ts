import type { ErrorRecord } from '../errors.ts';
import { missingNames } from '../issuance/names/name-choice.ts';
import type { Due } from '../issuance/due/due.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { countsIn } from '../run/run-record.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Renewed, Work } from './work.ts';
import { leftOutText } from '../report/left-out.ts';
import { RetoldFailures } from '../report/texts/retold-failures.ts';
import { GroupedErrors, pausingCa } from './grouped-errors.ts';
import type { RenewalRecord } from './report-file.ts';

/** How many certificates of each kind; those of `NotWorkedOn` only where there are any. */
export type Summary = Record<Renewed['status'] | 'due' | 'notDue', number> & NotWorkedOn;

interface NotWorkedOn {
  /** Due certificates that `--limit` left to the next run. */
  beyondLimit?: number;
  /** Of the deferred certificates: those that wait for longer than they can. */
  overdue?: number;
  /** Due certificates that wait until failed names of theirs may be tried again. */
  waiting?: number;
  /** Due certificates that stay as they are for suspended names. */
  leftAlone?: number;
  /** Certificates that somebody paused, due or not. */
  paused?: number;
}

/** The summary before anything is done. */
export function summaryOf(work: Work): Summary {
  const none = { issued: 0, renewed: 0, failed: 0, deferred: 0 };
  const { due, ...others } = totalsOf(work);
  return { due, ...none, ...others };
}

/** How many certificates there are to work on and not, whatever becomes of them. */
export function totalsOf(work: Work): Pick<Summary, 'due' | 'notDue' | keyof NotWorkedOn> {
  return { due: work.due.length, notDue: work.notDue, ...notWorkedOn(work) };
}

/**
 * Says where the CA explains the window in which it wants a certificate replaced (RFC 9773 §4.2). @returns
 * the pages by certificate
 */
export function explain(context: CommandContext, work: Work): Map<string, string> {
  const pages = new Map<string, string>();
  for (const { certificate, due } of work.due) {
    const page = explanationOf(certificate, due);
    if (page === null) continue;
    pages.set(certificate.name, page);
    context.output.note(`${certificate.name}: the CA wants it renewed, and says why: ${page}`);
  }
  return pages;
}

export function explanationOf(certificate: CertificateRow, due: Due): string | null {
  return due.reason === 'ari' ? certificate.ari_explanation_url : null;
}

/** Reports one certificate's result on the terminal, and writes it down for the report. */
export function report(
  context: CommandContext,
  { certificate, status, error, fallbackCa }: Renewed,
  explanationUrl: string | undefined,
  { record, told }: { record: RenewalRecord; told: Told },
): void {
  const explained = explanationUrl === undefined ? {} : { explanationUrl };
  const missing = missingNames(certificate);
  const leftOut = status === 'failed' ? null : leftOutText(certificate);
  const line = {
    name: certificate.name,
    status,
    error,
    ...(missing.length === 0 ? {} : { leftOut: missing }),
    ...explained,
    ...(fallbackCa === undefined ? {} : { fallbackCa }),
  };
  record.certificates.push(line);
  context.record.outcome({ name: certificate.name, status, error });
  if (context.output.json) context.output.line(line, () => '');
  else if (error === null && leftOut !== null)
    context.output.warn(
      `${certificate.name}: ${status} without ${leftOut}`,
      'acme-ledger name list says why',
    );
  else if (error === null) context.output.note(`${printable(certificate.name)}: ${status}`);
  else tellFailure(context, { certificate, status, error }, told);
}

/** What a run has told of its failures, and tells at its end. */
export class Told {
  readonly grouped = new GroupedErrors();
  readonly retold = new RetoldFailures('certificate');
  /** How many failures were told one by one. */
  failures = 0;
  /** How often was anything written before the first of them; null while there is none. */
  writtenBefore: number | null = null;
}

function tellFailure(
  { output, settings }: CommandContext,
  { certificate, status, error }: Pick<Renewed, 'certificate' | 'status'> & { error: ErrorRecord },
  told: Told,
): void {
  const { name, names } = certificate;
  if (pausingCa(error) === null) told.retold.add(status, error, [name, ...names]);
  told.writtenBefore ??= output.written();
  if (!told.grouped.note(status, error, name) && settings.verbosity <= 0) return;
  told.failures += 1;
  output.repeat(error, `${name}: ${status}`);
}

/** Tells again what failed, to a person before whose eyes it may have gone by. */
function retell({ output }: CommandContext, { grouped, retold }: Told): void {
  for (const error of grouped.pauses()) output.repeat(error);
  retold.tell(output, 'acme-ledger cert list has them');
}

/**
 * Reports the errors that weren't reported one by one, and the sums; both also under cron, if any certificate
 * failed or waits.
 */
export function conclude(context: CommandContext, summary: Summary, told: Told): void {
  const { output, settings } = context;
  const sums = sumsText(summary);
  const { due, ...others } = summary;
  context.record.sum(countsIn({ due, ...others }), sums);
  if (output.json) {
    output.line({ summary }, () => '');
    return;
  }
  const grouped = [...told.grouped.rest()];
  const { writtenBefore, failures } = told;
  const isScattered = writtenBefore !== null && output.written() - writtenBefore > failures;
  if (output.isWatched && (isScattered || grouped.length > 0)) retell(context, told);
  else if (settings.verbosity <= 0) for (const error of grouped) output.repeat(error);
  if (summary.failed + summary.deferred > 0) output.conclude(sums);
  else output.note(sums);
}

/** The sums in words; for a run that was stopped also how many certificates it didn't begin. */
export function sumsText(summary: Summary): string {
  const { due, issued, renewed, failed, deferred, overdue = 0 } = summary;
  const long = overdue === 0 ? '' : ` (${String(overdue)} for longer than there is time)`;
  const left = due - issued - renewed - failed - deferred;
  const notBegun = left === 0 ? '' : `, ${String(left)} not begun`;
  return `${String(due)} due: ${String(issued)} issued, ${String(renewed)} renewed, ${String(failed)} failed, ${String(deferred)} deferred${long}${notBegun}; ${notDueText(summary)}`;
}

function notWorkedOn({ beyondLimit, waiting, leftAlone, paused }: Work): NotWorkedOn {
  return {
    ...(beyondLimit === 0 ? {} : { beyondLimit }),
    ...(waiting.length === 0 ? {} : { waiting: waiting.length }),
    ...(leftAlone.length === 0 ? {} : { leftAlone: leftAlone.length }),
    ...(paused.length === 0 ? {} : { paused: paused.length }),
  };
}

function notDueText(summary: { notDue: number } & NotWorkedOn): string {
  const { notDue, beyondLimit = 0, waiting = 0, leftAlone = 0, paused = 0 } = summary;
  const waits = waiting === 0 ? '' : `; ${String(waiting)} wait${waiting === 1 ? 's' : ''} for failed names`;
  const alone = leftAlone === 0 ? '' : `; ${String(leftAlone)} left alone for suspended names`;
  return `${String(notDue)} not due${waits}${alone}${othersText({ paused, beyondLimit })}`;
}

/** What a run doesn't come to, whether it is due or not. */
export function othersText({
  paused = 0,
  beyondLimit = 0,
}: Pick<NotWorkedOn, 'paused' | 'beyondLimit'>): string {
  const left = paused === 0 ? '' : `; ${String(paused)} paused`;
  return `${left}${beyondLimit === 0 ? '' : `; --limit leaves ${String(beyondLimit)} more to the next run`}`;
}
