import { describe, describeByDay } from './dry-run.ts';
import { Told, conclude, explain, report, summaryOf, totalsOf } from './renew-text.ts';
import { systemClock } from '../clock.ts';
import { removeUselessKeys } from '../issuance/certificate/useless-keys.ts';
import { probeLeftAlone, takeDownLeftProbes } from '../probe/probe-left-alone.ts';
import { eachAuthority } from '../run/accounts/each-account.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { writeConfigured } from '../wanted/write-configured.ts';
import { learnRenewalInfo } from './ask-authorities.ts';
import { type RenewThere, fallsBack, renewElsewhere } from './renew-at-fallback.ts';
import { fallbackOf } from '../run/fallback.ts';
import { findWork } from './find-work.ts';
import { type PartOfRun, type TimedRun, renewAt, takeDownLeft } from './renew-at.ts';
import { Overdue } from './overdue.ts';
import { tellPaused } from './paused-certificates.ts';
import { partsOf } from './renewal-parts.ts';
import type { RenewalRecord } from './report-file.ts';
import { tellNewlyLeftAlone } from './suspended-certificates.ts';
import type { RenewOptions, Renewed, Work } from './work.ts';

/** The end of `--max-time`, counted from the start of the run, as `performance.now()` tells it. */
interface RunTime {
  endsAt: number;
}

/**
 * A run waits for longer than a CA's restart, and than most of its troubles; runs that wait are not to pile
 * up under cron.
 */
const outageMs = 300_000;

function timed({ maxTimeMs }: RenewOptions, time: RunTime): TimedRun {
  const leftMs = (): number => time.endsAt - performance.now();
  return {
    mayStart: () => leftMs() > 0,
    leftMs,
    outageLeftMs: maxTimeMs === null ? (waitedMs) => outageMs - waitedMs : leftMs,
  };
}

/** @param record filled with the results of the run */
export async function runRenew(
  context: CommandContext,
  options: RenewOptions,
  record: RenewalRecord,
): Promise<number> {
  if (options.dryRun) return options.byDay ? describeByDay(context, options) : describe(context, options);
  const time = { endsAt: performance.now() + (options.maxTimeMs ?? Infinity) };
  await writeConfigured(context);
  const known = await knownWork(context, options);
  let summary = summaryOf(known);
  const told = new Told();
  const overdue = new Overdue();
  const pages = new Map<string, string>();
  const putOff = new Set<string>();
  const postponed = new Set<string>();
  const probing = probeLeftAlone(context, known, time.endsAt);
  probing.catch(() => undefined); // awaited below
  const workOnPart = async (part: Work, coming: Work, isOpen = () => true): Promise<void> => {
    const unexplained = part.due.filter(({ certificate }) => !pages.has(certificate.name));
    for (const [name, page] of explain(context, { ...part, due: unexplained })) pages.set(name, page);
    const postpone = (ca: string): void => void postponed.add(ca);
    const run = { ...options, ...timed(options, time), coming: coming.due, postpone };
    const mayStart = (): boolean => isOpen() && run.mayStart();
    await workOn(context, part, { ...run, mayStart }, (renewed) => {
      const { certificate, error } = renewed;
      // The certificate goes with the next part.
      if (error?.code === 'no-time' && run.mayStart()) return void putOff.add(certificate.name);
      summary[renewed.status] += 1;
      overdue.note(renewed);
      report(context, renewed, pages.get(certificate.name), { record, told });
    });
  };
  try {
    const work = await workAsAdvised(context, known, options, time);
    summary = summaryOf(work);
    const { atOnce, isOver, theRest } = partsOf(context, options, { work, toProbe: known.toProbe, probing });
    const first = workOnPart(atOnce, work, () => !isOver());
    await first.catch(() => undefined);
    try {
      const { done, rest } = await theRest(putOff);
      const { issued, renewed, failed, deferred } = summary;
      const totals = totalsOf({ ...rest, due: [...done, ...rest.due] });
      summary = { issued, renewed, failed, deferred, ...totals };
      // Only now it is known which certificates the probes have brought back.
      await tellNewlyLeftAlone(context, rest.leftAlone, { isAskedFor: options.names.length > 0 });
      await workOnPart(rest, rest);
    } finally {
      // One CA's fault keeps no other CA's certificates from their turn, and is thrown in the end.
      await first;
    }
  } finally {
    await probing.catch(() => undefined);
    // However the run ended, also by a signal before the first certificate.
    if (overdue.count > 0) summary.overdue = overdue.count;
    record.summary = summary;
    overdue.tell(context);
    conclude(context, summary, told);
  }
  await takeDownLeft(context, { ...options, ...timed(options, time) }, [...postponed]);
  await takeDownLeftProbes(context, known, time.endsAt);
  if (summary.failed + overdue.count > 0) return 1;
  return summary.deferred > 0 ? 75 : 0;
}

/** The work by the ledger alone, before a CA is asked. */
async function knownWork(context: CommandContext, options: RenewOptions): Promise<Work> {
  const known = await withLedger(context.settings, async (ledger) => {
    // Keys are removed also where nothing is due, and no CA is asked.
    await removeUselessKeys(ledger, context.settings.stateDir);
    return findWork(context, ledger, options);
  });
  tellPaused(context, known.paused, options);
  return known;
}

/**
 * Works on all certificates that are due, each reported once: at its CA, and at the fallback those that can't
 * wait for their CA.
 */
async function workOn(
  context: CommandContext,
  work: Work,
  run: PartOfRun,
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  if (work.due.length === 0 && work.authorities.length === 0) return;
  const fallback = fallbackOf(context);
  const progress = await context.output.progress('certificates');
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

/** The work, found anew after the CAs were asked when to renew, where it was time to ask. */
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
