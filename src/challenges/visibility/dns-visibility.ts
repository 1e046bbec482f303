import type { Clock } from '../../clock.ts';
import { AcmeLedgerError, hasCode, messageOf } from '../../errors.ts';
import { whileWaiting } from '../../waits.ts';
import { printable } from '../../printable.ts';
import { txtValues, type NameServer, type NameServerView } from './name-servers.ts';
import { recordPlaces } from './record-place.ts';
import type { DnsQuorum, VisibilitySettings } from './settings.ts';

/** A TXT record; `name` with the root's dot. */
interface TxtRecord {
  name: string;
  value: string;
}

type WaitLimits = VisibilitySettings;

/** The clock, and the name servers, that visibility is looked at with. */
export interface VisibilityParts {
  clock: Clock;
  /** The name servers that are asked where the settings name no resolver; the system's when left out. */
  nameServers?: NameServerView;
}

/** Servers behind one address may differ: the looks of a row aren't all at the same moment. */
const betweenRoundsMs = 200;
const firstPollMs = 500;
const widestPollMs = 5_000;

/**
 * Resolves when every authoritative server of the record's zone, asked directly, shows the value, maybe among others. A
 * resolver in between would remember that the value wasn't there, and so would the CA's if it looked too early.
 * @throws AcmeLedgerError `solver` after the time-out, or the signal's reason
 */
export async function waitUntilRecordIsVisible(
  record: TxtRecord,
  limits: WaitLimits,
  { clock, nameServers = {} }: VisibilityParts,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = clock.now().getTime() + limits.propagationTimeoutSeconds * 1000;
  const look = watcherOf(record, limits, nameServers, signal);
  let behind: Missing[] = [];
  let agreed = 0;
  const what = (): string => `waiting for TXT at ${behind[0]?.server ?? record.name}`;
  await whileWaiting({ what, limitMs: limits.propagationTimeoutSeconds * 1000 }, async () => {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, widestPollMs)) {
      behind = await look();
      agreed = behind.length === 0 ? agreed + 1 : 0;
      if (agreed >= limits.dnsRounds) return;
      if (agreed > 0) {
        pollMs = firstPollMs;
        await clock.sleep(betweenRoundsMs, signal);
        continue;
      }
      const leftMs = deadlineMs - clock.now().getTime();
      if (leftMs <= 0) throw notVisible(record, limits, reasonsOf(behind));
      await clock.sleep(Math.min(pollMs, leftMs), signal);
    }
  });
}

/**
 * Looks once whether every authoritative server of the record's zone still shows a value that was visible before.
 * @throws AcmeLedgerError `solver` when one that answers doesn't; the signal's reason
 */
export async function assertRecordIsStillVisible(
  record: TxtRecord,
  looks: Pick<WaitLimits, 'resolver' | 'dnsQuorum'>,
  { nameServers = {} }: Pick<VisibilityParts, 'nameServers'>,
  signal: AbortSignal,
): Promise<void> {
  const missing = await watcherOf(record, looks, nameServers, signal)();
  if (missing.length === 0) return;
  throw new AcmeLedgerError(
    'solver',
    `the TXT value at ${record.name} was visible and is gone again: ${shownReasons(reasonsOf(missing))}`,
    {
      hint:
        'something took it away, such as a DNS or a hook that holds one value at a name: a name and its wildcard need two there. ' +
        'Let the hook add its value beside others, or ask for two certificates',
    },
  );
}

/** Why the value isn't seen yet, and at which server; null when no server was found to ask. */
interface Missing {
  server: string | null;
  reason: string;
  /** The server answers, and shows something else. */
  answers: boolean;
}

function reasonsOf(missing: readonly Missing[]): string[] {
  return missing.map(({ reason }) => reason);
}

/**
 * A function that says who doesn't show the value yet, but for the unreachable servers that the quorum bears. Servers that showed it
 * are asked again once all have.
 */
function watcherOf(
  record: TxtRecord,
  { resolver, dnsQuorum }: Pick<WaitLimits, 'resolver' | 'dnsQuorum'>,
  view: NameServerView,
  signal: AbortSignal,
): () => Promise<Missing[]> {
  const placeNow = recordPlaces(record.name.replace(/\.$/, ''), resolver, view);
  const showing = new Set<string>();
  return async () => {
    try {
      const { target, servers } = await placeNow(signal);
      const keyOf = (server: NameServer): string => `${target} ${server.name}`;
      const behind = servers.filter((server) => !showing.has(keyOf(server)));
      const looks = await Promise.all(
        behind.map((server) => whyMissing(target, record.value, server, signal)),
      );
      behind.forEach((server, index) => {
        if (looks[index] === null) showing.add(keyOf(server));
      });
      const missing = looks.filter((look) => look !== null);
      const isBorne =
        missing.every(({ answers }) => !answers) &&
        servers.length - missing.length >= neededOf(dnsQuorum, servers.length);
      if (isBorne) showing.clear();
      return isBorne ? [] : missing;
    } catch (error) {
      signal.throwIfAborted();
      // No name server will ever show a record that lies in no zone.
      if (hasCode(error, 'solver')) throw error;
      return [{ server: null, reason: messageOf(error), answers: false }];
    }
  };
}

/** How many of a zone's servers must show the record. */
function neededOf(quorum: DnsQuorum, servers: number): number {
  if (quorum === 'all') return servers;
  return quorum === 'most' ? Math.floor(servers / 2) + 1 : Math.min(quorum, servers);
}

/** Null when the server shows the value at every address that answers. */
async function whyMissing(
  target: string,
  value: string,
  server: NameServer,
  signal: AbortSignal,
): Promise<Missing | null> {
  const answers = await Promise.all(server.addresses.map((address) => answerAt(target, address, signal)));
  const behind = answers.find((answer) => answer.values !== null && !answer.values.includes(value));
  const shown = answers.some((answer) => answer.values?.includes(value) === true);
  // An address that doesn't answer, such as IPv6 on a machine without it, says nothing.
  if (shown && behind === undefined) return null;
  const { address, values, error } = behind ??
    answers[0] ?? { address: '?', values: null, error: 'no address' };
  const who = server.name === address ? address : `${server.name} (${address})`;
  if (values === null)
    return { server: server.name, reason: `${who} doesn't answer: ${error}`, answers: false };
  const shows = values.length === 0 ? 'no TXT record' : `only ${values.join(', ')}`;
  return { server: server.name, reason: `${who} shows ${shows}`, answers: true };
}

interface AddressAnswer {
  address: string;
  values: string[] | null;
  error: string;
}

async function answerAt(target: string, address: string, signal: AbortSignal): Promise<AddressAnswer> {
  try {
    return { address, values: await txtValues(target, address, signal), error: '' };
  } catch (error) {
    signal.throwIfAborted();
    return { address, values: null, error: messageOf(error) };
  }
}

const reasonsInMessage = 3;
const charactersInMessage = 400;

function notVisible(record: TxtRecord, limits: WaitLimits, missing: string[]): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `${record.name} didn't show its TXT value within ${String(limits.propagationTimeoutSeconds)} s: ${shownReasons(missing)}`,
    {
      hint:
        'see whether the hook wrote to the right zone; give slow name servers longer with --propagation-timeout, ' +
        'name one to ask with --resolver ADDR:PORT, or turn the check off with --propagation-timeout 0',
    },
  );
}

function shownReasons(missing: readonly string[]): string {
  const shown = printable(missing.slice(0, reasonsInMessage).join('; ')).slice(0, charactersInMessage);
  const more =
    missing.length > reasonsInMessage ? `; and ${String(missing.length - reasonsInMessage)} more` : '';
  return `${shown}${more}`;
}
