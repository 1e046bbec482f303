import type { Clock } from '../../clock.ts';
import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { dnsRecordName, dnsRecordValue } from '../answer-values.ts';
import { waitUntilRecordIsVisible } from './dns-visibility.ts';
import { addressesOf } from './name-servers.ts';
import { fetchAnswer } from './visible-http.ts';
import { assertTlsAnswer } from './visible-tls.ts';
import { kindOf, type SolverSettings } from '../settings.ts';
import type { ChallengeAnswer } from '../solver.ts';

/** How names are reached from here; for the CA it is ports 53, 80 and 443, and a resolver of its own. */
export interface ProbeView {
  /** `ADDR:PORT` of the one server to ask about names; null for the system's, and for a zone's own. */
  resolver: string | null;
  /** Where the name servers of zones are asked. */
  dnsPort?: number;
  httpPort: number;
  tlsPort: number;
}

/** A record that is longer under way is no use to a run that has certificates to renew. */
const longestPropagationSeconds = 240;
const usualPropagationSeconds = 120;

/**
 * Looks for what a solver has put up, where the CA would look for it and at nothing but the name itself (RFC 8555 §8.3, §8.4,
 * RFC 8737 §3). The CA is not asked.
 * @throws AcmeLedgerError `solver`: why it can't be seen; the signal's reason
 */
export async function assertAnswered(
  answer: ChallengeAnswer,
  settings: SolverSettings,
  view: ProbeView,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (answer.type === 'dns-01') return assertRecord(answer, settings, view, clock, signal);
  if (answer.type === 'dns-persist-01')
    throw notSeen(answer, 'its record stands for good, and is looked at before an order', null);
  try {
    const addresses = await addressesToTry(answer, view, signal);
    if (answer.type === 'tls-alpn-01') await assertTlsAnswer(answer, addresses, view, signal);
    else await assertHttpAnswer(answer, addresses, view, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw notSeen(answer, messageOf(error), error);
  }
}

async function assertHttpAnswer(
  answer: ChallengeAnswer,
  addresses: readonly string[],
  view: ProbeView,
  signal: AbortSignal,
): Promise<void> {
  const body = await fetchAnswer(answer, addresses, view, signal);
  // RFC 8555 §8.3: whitespace at the end is ignored.
  if (body.trimEnd() !== answer.keyAuthorization) throw new Error(`it answers "${body.slice(0, 60)}"`);
}

async function assertRecord(
  answer: ChallengeAnswer,
  settings: SolverSettings,
  view: ProbeView,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const given = kindOf(settings).propagation(settings);
  const seconds = given?.propagationTimeoutSeconds || usualPropagationSeconds;
  const limits = {
    propagationTimeoutSeconds: Math.min(seconds, longestPropagationSeconds),
    resolver: view.resolver ?? given?.resolver ?? null,
    dnsRounds: given?.dnsRounds ?? 1,
    dnsQuorum: given?.dnsQuorum ?? 'all',
  };
  const record = { name: dnsRecordName(answer), value: dnsRecordValue(answer) };
  await waitUntilRecordIsVisible(record, limits, { clock }, signal);
}

/** The addresses that Boulder tries: one IPv6 address where there is any, and an IPv4 address if that can't be reached. */
async function addressesToTry(
  { identifier: { type, value } }: ChallengeAnswer,
  { resolver }: ProbeView,
  signal: AbortSignal,
): Promise<string[]> {
  if (type === 'ip') return [value];
  const servers = resolver === null ? undefined : [resolver];
  const { ipv4, ipv6 } = await addressesOf(value, servers, signal);
  const addresses = [...ipv6.slice(0, 1), ...ipv4.slice(0, 1)];
  if (addresses.length === 0) throw new Error('it has no address');
  return addresses;
}

function notSeen({ identifier, type }: ChallengeAnswer, why: string, cause: unknown): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `${identifier.value} doesn't show a ${type} answer of ours: ${printable(why)}`,
    { hint: 'see whether the name points to this machine, and what answers there', cause },
  );
}
