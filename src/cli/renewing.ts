import { authorityOf } from '../acme/known-authorities.ts';
import { systemClock } from '../clock.ts';
import { errorRecord } from '../errors.ts';
import type { Issuance } from '../issuance/issuance.ts';
import { settleUnowned } from '../issuance/recovery.ts';
import type { Stage } from '../issuance/rehearsing.ts';
import { removeUselessKeys } from '../issuance/useless-keys.ts';
import { missingNames } from '../issuance/name-choice.ts';
import type { Due, DueCertificate, Renewed } from '../issuance/renewing.ts';
import { namesKeysOf, renewAll } from '../issuance/renewing.ts';
import { removeFullBuckets } from '../ledger/limit-buckets.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from './context.ts';
import type { Work } from './due-work.ts';
import { findWork } from './due-work.ts';
import { eachAuthority } from './each-account.ts';
import { isOfTheCa } from './error-of-ca.ts';
import { fallbackOf, fallsBack, renewElsewhere, type RenewThere } from './fallback.ts';
import { withLedger } from './ledger-opening.ts';
import { LikeErrors } from './like-errors.ts';
import { spendLine } from './limit-status.ts';
import { withIssuance } from './opening.ts';
import { probeLeftAlone } from './probing.ts';
import type { RenewalRecord } from './renewal-report.ts';
import { tellLeftAlone } from './left-alone.ts';
import { leftOutText } from './left-out.ts';
import { complainOf, warn } from './output.ts';
import { startProgress } from './progress.ts';
import { onStage } from './rehearsal-stage.ts';
import { learnRenewalInfo } from './renewal-asking.ts';
import { stagingOf } from './staging.ts';
import { counted } from './wording.ts';
import { withWanted, writeConfigured } from './wishes/wanted.ts';

export interface RenewOptions {
  /** Names of certificates; all when empty. */
  names: readonly string[];
  concurrency: number;
  limit: number;
  maxTimeMs: number | null;
  splayMs: number;
  waitMs: number;
  all: boolean;
  /** Each order is done at the CA's staging first. */
  rehearse: boolean;
  dryRun: boolean;
}

/** `--max-time`, from the start of the run, as `performance.now()` tells it. */
interface RunTime {
  endsAt: number;
}

type Summary = Record<Renewed['status'] | 'due' | 'notDue', number>;

/** @param record filled with what the run has to tell */
export async function runRenew(
  context: CommandContext,
  options: RenewOptions,
  record: RenewalRecord,
): Promise<number> {
  if (options.dryRun) {
    return describe(context, await withWanted(context, (ledger) => findWork(context, ledger, options)));
  }
  const time = { endsAt: performance.now() + (options.maxTimeMs ?? Infinity) };
  await writeConfigured(context);
  const known = await withLedger(context.settings, async (ledger) => {
    // Also where nothing is due, and no CA is asked.
    await removeUselessKeys(ledger, context.settings.stateDir);
    return findWork(context, ledger, options);
  });
  const work = await workAsAdvised(context, await workAsProbed(context, known, options, time), options, time);
  const summary: Summary = {
    due: work.due.length,
    issued: 0,
    renewed: 0,
    failed: 0,
    deferred: 0,
    notDue: work.notDue,
  };
  record.summary = summary;
  tellLeftAlone(work.leftAlone);
  const explanations = explain(context, work);
  const like = new LikeErrors();
  await workOn(context, work, { ...options, mayStart: () => performance.now() < time.endsAt }, (renewed) => {
    summary[renewed.status] += 1;
    report(context, renewed, explanations.get(renewed.certificate.name), { record, like });
  });
  conclude(context, summary, like);
  if (summary.failed > 0) return 1;
  return summary.deferred > 0 ? 75 : 0;
}

/** All that is due, each told of once: at its CA, and at the fallback what can't wait for that. */
async function workOn(
  context: CommandContext,
  work: Work,
  run: RenewOptions & { mayStart: () => boolean },
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  if (work.due.length === 0 && work.authorities.length === 0) return;
  const fallback = fallbackOf(context);
  const progress = startProgress(context, 'certificates');
  progress.expect(work.due.length);
  const conclude = (renewed: Renewed): void => {
    progress.done();
    onResult(renewed);
  };
  const waiting: Renewed[] = [];
  const takeIn = (renewed: Renewed): void => {
    if (fallback !== null && fallsBack(renewed, fallback)) waiting.push(renewed);
    else conclude(renewed);
  };
  for (const { certificate, deferral, isOfRehearsal } of work.due)
    if (deferral !== null) takeIn({ certificate, status: 'deferred', error: deferral, isOfRehearsal });
  try {
    await eachAuthority(context, work.authorities, (ca) => {
      const certificates = work.due.filter(
        ({ certificate, deferral }) => certificate.ca === ca && deferral === null,
      );
      return renewAt(context, ca, certificates, run, takeIn);
    });
  } finally {
    const renewThere: RenewThere = (there, names, tell) => {
      const certificates = work.due.filter(({ certificate }) => names.has(certificate.name));
      return renewAt(there, fallback?.directoryUrl ?? '', certificates, { ...run, rehearse: false }, tell);
    };
    if (fallback !== null) await renewElsewhere(context, fallback, waiting, renewThere, conclude);
    progress.stop();
  }
}

/** The work after a look at names that are left alone, where it is time for one. */
async function workAsProbed(
  context: CommandContext,
  known: Work,
  options: RenewOptions,
  time: RunTime,
): Promise<Work> {
  const isChanged = await probeLeftAlone(context, known, time.endsAt);
  context.stops.work.throwIfAborted();
  return isChanged ? withLedger(context.settings, (ledger) => findWork(context, ledger, options)) : known;
}

/** The work after the CAs were asked when to renew, where it is time to ask. */
async function workAsAdvised(
  context: CommandContext,
  known: Work,
  options: RenewOptions,
  time: RunTime,
): Promise<Work> {
  if (known.authorities.length === 0 && known.toAsk.length === 0) return known;
  const splayMs = Math.random() * options.splayMs;
  await systemClock.sleep(splayMs, context.stops.work);
  // The work of the run hasn't begun: an hour of --splay isn't taken from it.
  time.endsAt += splayMs;
  if (known.toAsk.length === 0) return known;
  await learnRenewalInfo(context, known.toAsk);
  context.stops.work.throwIfAborted();
  return withLedger(context.settings, (ledger) => findWork(context, ledger, options));
}

async function renewAt(
  context: CommandContext,
  ca: string,
  certificates: readonly DueCertificate[],
  options: RenewOptions & { mayStart: () => boolean },
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  const run = {
    command: 'renew',
    mayRegister: certificates.length > 0,
    concurrency: options.concurrency,
    patienceMs: options.waitMs,
  };
  const told = new Set<string>();
  const tell = (renewed: Renewed): void => {
    told.add(renewed.certificate.name);
    onResult(renewed);
  };
  try {
    await withIssuance(context, authorityOf(ca), run, (issuance) =>
      settleAndRenew(context, issuance, certificates, options, tell),
    );
  } catch (error) {
    const left = certificates.filter(({ certificate }) => !told.has(certificate.name));
    if (left.length === 0 || !isOfTheCa(error)) throw error;
    // The CA can't be worked with now: each of its certificates is told of, and the summary counts it.
    const status = error.code === 'ca-limit' ? 'deferred' : 'failed';
    for (const { certificate } of left) onResult({ certificate, status, error: errorRecord(error) });
  }
}

async function settleAndRenew(
  context: CommandContext,
  issuance: Issuance,
  certificates: readonly DueCertificate[],
  options: RenewOptions & { mayStart: () => boolean },
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  // Of one that only its deploy hook is due for, no attempt will take up the order.
  const ordered = certificates.filter(({ due }) => due.reason !== 'not-deployed');
  const namesKeys = namesKeysOf(ordered);
  await removeFullBuckets(issuance);
  await settleUnowned(issuance, { evenKept: false, exceptNamesKeys: namesKeys });
  const staging = options.rehearse && ordered.length > 0 ? stagingOf(context, issuance.account.ca) : null;
  const renewOn = (stage: Stage | null): Promise<void> =>
    renewAll(issuance, certificates, { ...options, stage }, onResult);
  await (staging === null ? renewOn(null) : onStage(context, issuance, { staging, namesKeys }, renewOn));
}

/** Says where the CA explains the window in which it wants a certificate replaced (RFC 9773 §4.2). @returns these pages by certificate */
function explain(context: CommandContext, work: Work): Map<string, string> {
  const pages = new Map<string, string>();
  for (const { certificate, due } of work.due) {
    const page = explanationOf(certificate, due);
    if (page === null) continue;
    pages.set(certificate.name, page);
    context.output.note(`${certificate.name}: the CA wants it renewed, and says why: ${page}`);
  }
  return pages;
}

function explanationOf(certificate: CertificateRow, due: Due): string | null {
  return due.reason === 'ari' ? certificate.ari_explanation_url : null;
}

function report(
  context: CommandContext,
  { certificate, status, error, fallbackCa }: Renewed,
  explanationUrl: string | undefined,
  { record, like }: { record: RenewalRecord; like: LikeErrors },
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
  if (context.output.json) context.output.line(line, () => '');
  else if (error === null && leftOut !== null)
    warn(`${certificate.name}: ${status} without ${leftOut}`, 'acme-ledger name list says why');
  else if (error === null) context.output.note(`${printable(certificate.name)}: ${status}`);
  else if (like.note(status, error) || context.settings.verbosity > 0)
    complainOf(error, `${certificate.name}: ${status}`);
}

/** What wasn't told one by one, and the sums; both also under cron, if there is anything to look at. */
function conclude({ output, settings }: CommandContext, summary: Summary, like: LikeErrors): void {
  if (output.json) {
    output.line({ summary }, () => '');
    return;
  }
  if (settings.verbosity <= 0) for (const error of like.rest()) complainOf(error);
  const sums = `${String(summary.due)} due: ${String(summary.issued)} issued, ${String(summary.renewed)} renewed, ${String(summary.failed)} failed, ${String(summary.deferred)} deferred; ${String(summary.notDue)} not due`;
  if (summary.failed + summary.deferred > 0) output.conclude(sums);
  else output.note(sums);
}

function describe(context: CommandContext, work: Work): number {
  tellLeftAlone(work.leftAlone);
  for (const { certificate, due, names, deferral } of work.due) {
    const page = explanationOf(certificate, due);
    const isOrdered = due.reason !== 'not-deployed';
    const cost = { newOrders: isOrdered ? 1 : 0, authorizations: isOrdered ? names.length : 0 };
    context.output.line(
      {
        name: certificate.name,
        reason: due.reason,
        dueAt: due.dueAt?.toISOString() ?? null,
        names,
        cost,
        deferral,
        ...(page === null ? {} : { explanationUrl: page }),
      },
      () =>
        `${printable(certificate.name)}: ${due.reason}, ${isOrdered ? `1 order with ${counted(names.length, 'name')}` : 'only its deploy hook'}${deferral === null ? '' : `, deferred: ${deferral.message}`}${page === null ? '' : `; the CA says why: ${page}`}`,
    );
  }
  const deferred = work.due.filter(({ deferral }) => deferral !== null).length;
  const { notDue, newOrders: limits, rehearsals } = work;
  const rehearsed = rehearsals.length === 0 ? {} : { rehearsals };
  const summary = { due: work.due.length, deferred, notDue, limits, ...rehearsed };
  context.output.line({ summary }, () => [
    ...rehearsals.map(
      ({ ca, rehearsedAt, orders }) =>
        `${ca}: ${counted(orders, 'order')} would be rehearsed first at ${rehearsedAt}`,
    ),
    ...work.newOrders.map((limit) => `${limit.ca}: ${spendLine(limit.spends, limit)}`),
    `${String(summary.due)} due, ${deferred === 0 ? '' : `${String(deferred)} of them deferred, `}${String(summary.notDue)} not due; nothing was sent`,
  ]);
  return 0;
}
