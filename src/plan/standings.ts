import { systemClock } from '../clock.ts';
import { isAboutTheCertificate } from '../error-kinds.ts';
import { type ErrorRecord, errorRecord } from '../errors.ts';
import type { Due } from '../issuance/due/due.ts';
import { suspendedError } from '../issuance/names/suspended-names.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { obstaclesOf } from './obstacles.ts';
import { type DuePlan, planDue } from './plan-due.ts';

/**
 * What a due certificate waits for: its failed names, names that are suspended, its own back-off after a
 * refusal, the CA (a limit, or its words), room in the gate, a new account, or a rule of the configuration.
 */
export const waitReasons = ['names', 'suspended', 'certificate', 'ca', 'gate', 'account', 'rule'] as const;
export type WaitReason = (typeof waitReasons)[number];

/** Where a due certificate stands with `renew`. */
export interface Standing {
  due: Due;
  /** Null: `renew` works on it now. */
  waitsFor: WaitReason | null;
  /** Why it waits; `retryAt` is until when, where that is known. */
  error: ErrorRecord | null;
}

/** The standings of all due certificates by name; a wanted certificate that isn't here isn't due. */
export type Standings = ReadonlyMap<string, Standing>;

/** The standings by what `renew` without options would do now. */
export async function standingsNow(context: CommandContext, ledger: Ledger): Promise<Standings> {
  const options = { names: [], all: false, rehearse: false, limit: Infinity, waitMs: 0 };
  return standingsIn(
    context,
    ledger,
    await planDue(context, ledger, options, { now: systemClock.now() }),
    options,
  );
}

/** The standings of the certificates that a plan comes to. */
export async function standingsIn(
  { settings }: CommandContext,
  ledger: Ledger,
  { due: planned, waiting, leftAlone }: Pick<DuePlan, 'due' | 'waiting' | 'leftAlone'>,
  { waitMs, yes = false }: { waitMs: number; yes?: boolean },
): Promise<Standings> {
  const obstacles = await obstaclesOf(settings, ledger, planned, { waitMs, yes });
  const standings = new Map<string, Standing>();
  for (const { certificate, due, deferral } of planned) {
    const error = deferral ?? obstacles.get(certificate.name) ?? null;
    standings.set(certificate.name, { due, error, waitsFor: error === null ? null : reasonOf(error) });
  }
  for (const { certificate, due, error } of waiting)
    standings.set(certificate.name, { due, error, waitsFor: 'names' });
  for (const { certificate, due, names } of leftAlone) {
    const error = errorRecord(suspendedError(names));
    standings.set(certificate.name, { due, error, waitsFor: 'suspended' });
  }
  return standings;
}

function reasonOf(error: ErrorRecord): WaitReason {
  if (error.code === 'ca-account') return 'account';
  if (error.code === 'gate-full') return 'gate';
  if (error.code === 'order-rule') return 'rule';
  return isAboutTheCertificate(error) ? 'certificate' : 'ca';
}

/** How many due certificates wait for one reason, and until when; null where no time is known. */
export interface WaitCount {
  for: WaitReason;
  count: number;
  firstUntil: string | null;
  lastUntil: string | null;
}

export interface DueCounts {
  /** Certificates that are due, waiting ones included. */
  due: number;
  /** Those that `renew` works on now. */
  now: number;
  waits: WaitCount[];
}

export function countDue(standings: Standings): DueCounts {
  const all = [...standings.values()];
  const waits = waitReasons.flatMap((reason) => {
    const those = all.filter(({ waitsFor }) => waitsFor === reason);
    const times = those.flatMap(({ error }) => error?.retryAt ?? []).sort();
    const [firstUntil = null, lastUntil = null] = [times[0], times.at(-1)];
    return those.length === 0 ? [] : [{ for: reason, count: those.length, firstUntil, lastUntil }];
  });
  return { due: all.length, now: all.filter(({ waitsFor }) => waitsFor === null).length, waits };
}
