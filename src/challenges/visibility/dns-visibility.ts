import type { Clock } from '../../clock.ts';
import { hasCode, messageOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { whileWaiting } from '../../waits.ts';
import type { NameServer, NameServerView } from './name-servers.ts';
import { expectedLagMs, noteLag } from './propagation-lag.ts';
import { type Look, type LookParts, lookAtRecord, type ShownAt } from './record-look.ts';
import { gone, notVisible, replaced } from './record-errors.ts';
import { noteRecordSeen } from './records-seen.ts';
import type { VisibilitySettings } from './settings.ts';
import { withAddresses, zoneOf } from './zone-servers.ts';

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
  const { look: lookNow, placeKey } = looksAt(record, settings, { clock, nameServers }, signal);
  const place = await placeKey();
  const beganMs = clock.now().getTime();
  const deadlineMs = beganMs + settings.propagationTimeoutSeconds * 1000;
  const lag = expectedLagMs(place);
  if (lag > 0) await clock.sleep(Math.min(lag, deadlineMs - beganMs), signal);
  // Until all show it, those that do aren't asked again; then each round asks them all.
  const shown: ShownAt = new Map();
  let agreed = 0;
  let replacedSinceMs: number | null = null;
  for (let pollMs = firstPollMs; ;) {
    const look = await lookNow(shown);
    onLook(look);
    const nowMs = clock.now().getTime();
    if (look.lacks.length === 0) {
      shown.clear();
      if (agreed === 0) noteLag(place, nowMs - beganMs);
      agreed += 1;
      if (agreed >= settings.dnsRounds) return noteSeen(record, look, tell);
      await clock.sleep(betweenRoundsMs, signal);
      continue;
    }
    if (agreed > 0) pollMs = firstPollMs;
    agreed = 0;
    replacedSinceMs = isReplaced(record, look) ? (replacedSinceMs ?? nowMs) : null;
    if (replacedSinceMs !== null && nowMs - replacedSinceMs >= replacedForMs) throw replaced(record.name);
    const leftMs = deadlineMs - nowMs;
    if (leftMs <= 0) throw notVisible(record.name, settings, look.lacks);
    await clock.sleep(Math.min(pollMs, leftMs), signal);
    pollMs = Math.min(2 * pollMs, widestPollMs);
  }
}

/** Every server that answers shows another value of ours, and none shows this one. */
function isReplaced({ besides = [] }: TxtRecord, { servers, values, lacks }: Look): boolean {
  return (
    servers.size === 0 &&
    besides.some((value) => values.has(value)) &&
    lacks.every(({ answers, others }) => !answers || besides.some((value) => others.includes(value)))
  );
}

function noteSeen({ name, value }: TxtRecord, look: Look, tell: VisibilityParts['tell']): void {
  noteRecordSeen(name, value, {
    serverSet: [...look.servers]
      .map((server) => server.toLowerCase())
      .toSorted()
      .join(' '),
    keptSeconds: look.ttlSeconds,
  });
  for (const reason of look.leftOut) tell?.(printable(reason));
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
  const { lacks } = await looksAt(record, settings, { clock, nameServers }, signal).look();
  const missing = lacks.filter(({ answers }) => answers);
  if (missing.length > 0) throw gone(record.name, missing);
}

/** Looks at the record anew each time; `placeKey` is the same for records of one zone. */
function looksAt(
  record: TxtRecord,
  { resolver, dnsQuorum }: Pick<VisibilitySettings, 'resolver' | 'dnsQuorum'>,
  { clock, nameServers }: { clock: Clock; nameServers: NameServerView },
  signal: AbortSignal,
): { look: (shown?: ShownAt) => Promise<Look>; placeKey: () => Promise<string> } {
  const one: NameServer[] = resolver === null ? [] : [{ name: resolver, addresses: [resolver] }];
  const parts: LookParts = {
    quorum: dnsQuorum,
    recursive: resolver !== null,
    signal,
    async serversOf(name) {
      if (resolver !== null) return one;
      // A zone that begins at the name itself is found by the delegation that the zone above shows, which may change meanwhile.
      const above = name.split('.').slice(1).join('.');
      return (await zoneOf(above === '' ? name : above, nameServers, clock, signal)).servers;
    },
    serversNamed: (names) => withAddresses(names, nameServers, signal),
  };
  const name = record.name.replace(/\.$/, '');
  const look = async (shown: ShownAt = new Map()): Promise<Look> => {
    try {
      return await lookAtRecord(name, record.value, { ...parts, shown });
    } catch (error) {
      signal.throwIfAborted();
      // No name server will ever show a record that lies in no zone.
      if (hasCode(error, 'solver')) throw error;
      return nothingFound(messageOf(error));
    }
  };
  const placeKey = async (): Promise<string> => {
    try {
      return (await parts.serversOf(name)).map((server) => server.name).join(' ');
    } catch {
      signal.throwIfAborted();
      // The look tells why.
      return name;
    }
  };
  return { look, placeKey };
}

function nothingFound(reason: string): Look {
  const lacks = [{ server: null, reason, answers: false, others: [] }];
  return { lacks, leftOut: [], values: new Set(), servers: new Set(), ttlSeconds: 0 };
}
