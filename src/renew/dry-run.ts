import { systemClock } from '../clock.ts';
import { planByDay } from '../plan/plan-by-day.ts';
import { counted, printable } from '../printable.ts';
import { type Standings, countDue, standingsIn } from '../plan/standings.ts';
import { proofShown, type ProofShown } from '../report/texts/proven-by.ts';
import { dueText } from '../report/due-text.ts';
import { spendLine } from '../report/limit-line.ts';
import { dayCells, dayHead, daysText, spareOfDays } from '../report/texts/days-text.ts';
import type { CommandContext } from '../run/run-context.ts';
import { withWanted } from '../wanted/write-configured.ts';
import { findWork } from './find-work.ts';
import { explanationOf, othersText, totalsOf } from './renew-text.ts';
import { tellPaused } from './paused-certificates.ts';
import { tellLeftAlone } from './suspended-certificates.ts';
import type { RenewOptions, Work } from './work.ts';

/** `--dry-run --by-day`: shows what is ordered on which day. @returns the exit code */
export async function describeByDay(context: CommandContext, options: RenewOptions): Promise<number> {
  const { days, summary } = await withWanted(context, (ledger) =>
    planByDay(context, ledger, options, systemClock.now()),
  );
  const { output } = context;
  if (output.json) days.forEach((day) => output.line(day, () => ''));
  else if (days.length > 0) await output.table(dayHead, days.map(dayCells), spareOfDays);
  output.line({ summary }, () => daysText(summary));
  return 0;
}

/** `--dry-run`: shows what would be done, what has to wait, and what it costs. @returns the exit code */
export async function describe(context: CommandContext, options: RenewOptions): Promise<number> {
  const { work, standings } = await withWanted(context, async (ledger) => {
    const found = await findWork(context, ledger, options);
    return { work: found, standings: await standingsIn(context, ledger, found, options) };
  });
  tellLeftAlone(context, work.leftAlone);
  tellPaused(context, work.paused, options);
  for (const { certificate, due, names } of work.due)
    tellPlanned(context, { certificate, due, names }, standings);
  for (const { certificate, due } of work.waiting)
    tellPlanned(context, { certificate, due, names: certificate.names }, standings);
  tellSums(context, work, standings);
  return 0;
}

type Planned = Pick<Work['due'][number], 'certificate' | 'due' | 'names'>;

function tellPlanned(
  { output, settings }: CommandContext,
  { certificate, due, names }: Planned,
  standings: Standings,
): void {
  const page = explanationOf(certificate, due);
  const isOrdered = due.reason !== 'not-deployed';
  const proof = proofShown(certificate.settings, names, settings.solvers);
  const deferral = standings.get(certificate.name)?.error ?? null;
  output.line(
    {
      name: certificate.name,
      reason: due.reason,
      dueAt: due.dueAt,
      names,
      cost: { newOrders: isOrdered ? 1 : 0, authorizations: isOrdered ? names.length : 0 },
      deferral,
      waitsFor: standings.get(certificate.name)?.waitsFor ?? null,
      provenBy: proof.provenBy,
      ...(page === null ? {} : { explanationUrl: page }),
    },
    () => {
      const act = isOrdered ? `1 order with ${counted(names.length, 'name')}` : 'only its deploy hook';
      const wait = deferral === null ? '' : `, deferred: ${deferral.message}`;
      const why = page === null ? '' : `; the CA says why: ${page}`;
      return `${printable(certificate.name)}: ${due.reason}, ${act}${wait}${why}${proofText(proof)}`;
    },
  );
}

/** The solvers that the configuration's rules chose, and the names that none of them can prove. */
function proofText({ solvers, provenBy }: ProofShown): string {
  const failures = provenBy.flatMap(({ error }) =>
    error === null ? [] : [`; would fail: ${error.message}`],
  );
  return `${solvers.length === 0 ? '' : `, proven by ${solvers.join(', ')}`}${failures.join('')}`;
}

function tellSums({ output }: CommandContext, work: Work, standings: Standings): void {
  const counts = countDue(standings);
  const { notDue, beyondLimit, leftAlone, paused } = totalsOf(work);
  const { newOrders: limits, rehearsals } = work;
  const told = work.due.length + work.waiting.length;
  const summary = {
    due: told,
    deferred: told - counts.now,
    now: counts.now,
    waits: counts.waits,
    notDue,
    ...(beyondLimit === undefined ? {} : { beyondLimit }),
    ...(leftAlone === undefined ? {} : { leftAlone }),
    ...(paused === undefined ? {} : { paused }),
    limits,
    ...(rehearsals.length === 0 ? {} : { rehearsals }),
  };
  output.line({ summary }, () => [
    ...rehearsals.map(
      ({ ca, rehearsedAt, orders }) =>
        `${ca}: ${counted(orders, 'order')} would be rehearsed first at ${rehearsedAt}`,
    ),
    ...limits.map((limit) => `${limit.ca}: ${spendLine(limit.spends, limit)}`),
    `${dueText(counts)}, ${String(notDue)} not due${othersText(summary)}; nothing was sent`,
  ]);
}
