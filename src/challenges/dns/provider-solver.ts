import type { Clock } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { whileWaiting } from '../../waits.ts';
import { dnsRecordName, dnsRecordValue } from '../answer-values.ts';
import { queued } from '../queue.ts';
import type { SolverParts, SolverQueue } from '../solver-kind.ts';
import type { ChallengeAnswer, Solver } from '../solver.ts';
import type { VisibilitySettings } from '../visibility/settings.ts';
import { visibleRecords } from '../visibility/visible-records.ts';
import { unknownAlias } from './alias-failure.ts';
import type { DnsChange, DnsProvider, DnsRecord } from './provider.ts';

/** Where a record is to be written, as far as the DNS can be seen from here. */
export interface RecordPlace {
  /** Without the last dot. */
  name: string;
  /** The reason why nobody says whether the name is an alias; null where that is known. */
  aliasFailure: Error | null;
}

/** Finds where a record is to be written. @throws AcmeLedgerError `solver` */
export type PlaceOf = (name: string, signal: AbortSignal) => Promise<RecordPlace>;

interface Parts {
  settings: VisibilitySettings;
  queue: SolverQueue;
  placeOf: PlaceOf;
  parts: SolverParts;
}

/** Lets a provider put the answers of dns-01 up and take them down. */
export function providerSolver(provider: DnsProvider, { settings, queue, placeOf, parts }: Parts): Solver {
  const changes = new Map<string, DnsChange>();
  /** What this process put up, or tried to: it is taken down there, whatever the DNS says by then. */
  const puts = new Map<string, DnsRecord>();
  const looks = visibleRecords(settings, parts);
  const inTurn = <T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> =>
    queued(queue.key, queue.concurrency, signal, act);
  const placed = async (
    answer: ChallengeAnswer,
    signal: AbortSignal,
  ): Promise<{ record: DnsRecord; aliasFailure: Error | null }> => {
    const { name, aliasFailure } = await placeOf(challengeName(answer), signal);
    return { record: { name, value: dnsRecordValue(answer), answer }, aliasFailure };
  };
  return {
    type: 'dns-01',
    async present(answer, signal) {
      await inTurn(signal, async () => {
        const { record } = await placed(answer, signal);
        puts.set(keyOf(answer), record);
        const change = await provider.add(record, signal);
        if (change !== null) changes.set(keyOf(answer), change);
      });
    },
    async waitUntilVisible(answer, signal) {
      const change = changes.get(keyOf(answer));
      if (change !== undefined) await untilPublished(change, answer, settings, parts.clock, signal);
      await looks.waitUntilVisible(answer, signal);
    },
    assertStillVisible: (answer, signal) => looks.assertStillVisible(answer, signal),
    async cleanUp(answer, signal) {
      await inTurn(signal, async () => {
        const put = puts.get(keyOf(answer));
        const { record, aliasFailure } =
          put === undefined ? await placed(answer, signal) : { record: put, aliasFailure: null };
        await provider.remove(record, signal);
        // Another process may have seen an alias, and put the record up behind it.
        if (aliasFailure !== null) throw unknownAlias(challengeName(answer), aliasFailure);
      });
      changes.delete(keyOf(answer));
      puts.delete(keyOf(answer));
    },
    close: () => Promise.resolve(),
  };
}

function challengeName(answer: ChallengeAnswer): string {
  return dnsRecordName(answer).replace(/\.$/, '');
}

function keyOf({ identifier, keyAuthorization }: ChallengeAnswer): string {
  return `${identifier.value} ${keyAuthorization}`;
}

const firstPollMs = 1_000;
const widestPollMs = 5_000;
/** Route 53 and Cloud DNS publish most changes within one minute. */
const leastPublishingSeconds = 180;

async function untilPublished(
  change: DnsChange,
  answer: ChallengeAnswer,
  { propagationTimeoutSeconds }: VisibilitySettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (propagationTimeoutSeconds === 0) return;
  const limitMs = Math.max(propagationTimeoutSeconds, leastPublishingSeconds) * 1000;
  const deadlineMs = clock.now().getTime() + limitMs;
  const what = (): string => `waiting for the DNS provider to publish ${dnsRecordName(answer)}`;
  await whileWaiting({ what, limitMs }, async () => {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, widestPollMs)) {
      if (await change.isPublished(signal)) return;
      const leftMs = deadlineMs - clock.now().getTime();
      if (leftMs <= 0) throw notPublished(answer, limitMs);
      await clock.sleep(Math.min(pollMs, leftMs), signal);
    }
  });
}

function notPublished(answer: ChallengeAnswer, limitMs: number): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `the DNS provider took the TXT value at ${dnsRecordName(answer)} and didn't publish it within ${String(limitMs / 1000)} s`,
    { hint: 'give it longer with --propagation-timeout, or see whether the provider has an outage' },
  );
}
