import type { Clock } from '../../clock.ts';
import { printable } from '../../printable.ts';
import { whileWaiting } from '../../waits.ts';
import type { NameServerView } from './name-servers.ts';
import { expectedLagMs, noteLag } from './propagation-lag.ts';
import { gone, notVisible, replaced } from './record-errors.ts';
import type { Look } from './record-look.ts';
import { watchOf } from './record-watch.ts';
import { noteRecordSeen } from './records-seen.ts';
import type { VisibilitySettings } from './settings.ts';

/** A TXT record; `name` with the root's dot. */
export interface TxtRecord {
  name: string;
  value: string;
  /** Other values of ours that were put up at the same name. */
  besides?: readonly string[];
}

/** The clock, and the name servers, that visibility is looked at with. */
export interface VisibilityParts {
  clock: Clock;
  /** The name servers that are asked where the settings name no resolver; the system's when left out. */
  nameServers?: NameServerView;
  /** Told what a look leaves out: servers that don't answer, addresses that this machine has no way to. */
  tell?: (message: string) => void;
}

/** Servers behind one address may differ: the looks of a row aren't all at the same moment. */
const betweenRoundsMs = 200;
const firstPollMs = 500;
const widestPollMs = 5_000;
/** A value that was replaced by another of ours is gone for so long before that is believed: the other may only have been quicker. */
const replacedForMs = 1_000;

/**
 * Resolves when every authoritative server of the record's zone, asked directly, shows the value, maybe among others, in as many looks in
 * a row as the settings want. A resolver in between would remember that the value wasn't there, and so would the CA's if it looked too early.
 * @throws AcmeLedgerError `solver` after the time-out, or when another value of ours took the place of this one; the signal's reason
 */
export async function waitUntilRecordIsVisible(
  record: TxtRecord,
  settings: VisibilitySettings,
  parts: VisibilityParts,
  signal: AbortSignal,
): Promise<void> {
  let behind: Look['lacks'] = [];
  const what = (): string => `waiting for TXT at ${behind[0]?.server ?? record.name}`;
  await whileWaiting({ what, limitMs: settings.propagationTimeoutSeconds * 1000 }, () =>
    untilAgreed(record, settings, parts, signal, (look) => {
      behind = look.lacks;
    }),
  );
}

async function untilAgreed(
  record: TxtRecord,
  settings: VisibilitySettings,
  { clock, nameServers = {}, tell }: VisibilityParts,
  signal: AbortSignal,
  onLook: (look: Look) => void,
): Promise<void> {
  const watch = watchOf(record, settings, { clock, nameServers }, signal);
  const place = await watch.placeKey();
  const beganMs = clock.now().getTime();
  const deadlineMs = beganMs + settings.propagationTimeoutSeconds * 1000;
  const lagMs = expectedLagMs(place);
  if (lagMs > 0) await clock.sleep(Math.min(lagMs, deadlineMs - beganMs), signal);
  const replacement = replacementOf(record);
  let agreed = 0;
  for (let pollMs = firstPollMs; ;) {
    const look = await watch.look();
    onLook(look);
    const nowMs = clock.now().getTime();
    if (look.lacks.length === 0) {
      if (agreed === 0) noteLag(place, nowMs - beganMs);
      agreed += 1;
      pollMs = firstPollMs;
      if (agreed >= settings.dnsRounds) {
        for (const reason of look.leftOut) tell?.(printable(reason));
        noteRecordSeen(record.name, record.value, {
          ...seenBy(look),
          isDelegated: watch.isDelegated(),
          negativeTtlSeconds: watch.negativeTtlSeconds,
        });
        return;
      }
      await clock.sleep(betweenRoundsMs, signal);
      continue;
    }
    agreed = 0;
    if (replacement(look, nowMs)) throw replaced(record.name);
    const leftMs = deadlineMs - nowMs;
    if (leftMs <= 0) throw notVisible(record.name, settings, look.lacks);
    await clock.sleep(Math.min(pollMs, leftMs), signal);
    pollMs = Math.min(2 * pollMs, widestPollMs);
  }
}

/** A function that says whether another value of ours has taken the place of this one: everywhere, for as long as that takes to be believed. */
function replacementOf({ besides = [] }: TxtRecord): (look: Look, nowMs: number) => boolean {
  let sinceMs: number | null = null;
  return ({ servers, lacks }, nowMs) => {
    const answering = lacks.filter(({ answers }) => answers);
    const isSo =
      servers.size === 0 &&
      answering.length > 0 &&
      answering.every(({ others }) => besides.some((value) => others.includes(value)));
    sinceMs = isSo ? (sinceMs ?? nowMs) : null;
    return sinceMs !== null && nowMs - sinceMs >= replacedForMs;
  };
}

function seenBy({ servers, ttlSeconds }: Look): { serverSet: string; ttlSeconds: number } {
  const names = [...servers].map((server) => server.toLowerCase());
  return { serverSet: names.toSorted().join(' '), ttlSeconds };
}

/**
 * Looks once whether every authoritative server of the record's zone still shows a value that was visible before. A server that doesn't
 * answer now says nothing about the value.
 * @throws AcmeLedgerError `solver` when one that answers doesn't; the signal's reason
 */
export async function assertRecordIsStillVisible(
  record: TxtRecord,
  settings: Pick<VisibilitySettings, 'resolver' | 'dnsQuorum'>,
  { clock, nameServers = {} }: Omit<VisibilityParts, 'tell'>,
  signal: AbortSignal,
): Promise<void> {
  const { lacks } = await watchOf(record, settings, { clock, nameServers }, signal).look();
  const missing = lacks.filter(({ answers }) => answers);
  if (missing.length > 0) throw gone(record.name, missing);
}
