import { dnsRecordName, dnsRecordValue } from '../../challenges/answer-values.ts';
import { type RecordSeen, takeRecordSeen } from '../../challenges/visibility/records-seen.ts';
import { extraWaitSeconds } from '../../ledger/names/name-server-delays.ts';
import { lastAskedAbout } from '../../ledger/names/asked-records.ts';
import type { PresentationRow } from '../../ledger/schema.ts';
import { whileWaiting } from '../../waits.ts';
import type { AccountRun } from '../account-run.ts';
import type { Task } from '../order/challenge-tasks.ts';
import { answerOf } from './stored-answer.ts';

/** CAs' resolvers keep nothing for longer (Let's Encrypt's cap). */
const longestKeptSeconds = 60;

/** What a record that can be seen everywhere is still waited for. */
interface Waits {
  /**
   * The servers that show it, by authorization: their delay is learned from what the CA says. Not where the zone above didn't tell them: the CA
   * may have asked others, as for a domain that has expired.
   */
  serverSets: Map<number, string>;
  /** Whether there was anything to wait for. */
  waited: boolean;
}

/**
 * Waits once for all records that are at every server: until what the CA's resolvers may remember of the same names from an earlier
 * validation has gone, and as long as validations at the same servers have been seen to need.
 * @throws the reason of `stops.work`
 */
export async function waitForCaches(
  run: AccountRun,
  tasks: readonly Task[],
  rows: readonly PresentationRow[],
): Promise<Waits> {
  const serverSets = new Map<number, string>();
  const untils = await Promise.all(
    rows
      .filter(
        (row) =>
          row.challenge_type === 'dns-01' && tasks.some((task) => task.row.id === row.authorization_id),
      )
      .map(async (row) => {
        const answer = answerOf(row);
        const seen = takeRecordSeen(dnsRecordName(answer), dnsRecordValue(answer));
        if (seen === null) return 0;
        if (seen.isDelegated) serverSets.set(row.authorization_id, seen.serverSet);
        const extraMs = 1000 * (await extraWaitSeconds(run.ledger, seen.serverSet));
        return Math.max(run.clock.now().getTime() + extraMs, await forgottenAtMs(run, row, seen));
      }),
  );
  const waitMs = Math.max(0, ...untils) - run.clock.now().getTime();
  if (waitMs <= 0) return { serverSets, waited: false };
  run.log.info(
    { seconds: Math.ceil(waitMs / 1000) },
    'the records are at all name servers; waiting for what resolvers may still remember',
  );
  await whileWaiting({ what: () => "waiting for what the CA's resolvers remember", limitMs: waitMs }, () =>
    run.clock.sleep(waitMs, run.stops.work),
  );
  return { serverSets, waited: true };
}

/** When no resolver of the CA's can remember any more what it got for the same records, in another validation. */
async function forgottenAtMs(run: AccountRun, row: PresentationRow, seen: RecordSeen): Promise<number> {
  const asked = await lastAskedAbout(run.ledger, {
    accountId: run.account.id,
    identifier: row.identifier,
    exceptId: row.authorization_id,
  });
  if (asked === null) return 0;
  const longestMs = asked.getTime() + longestKeptSeconds * 1000;
  // An instant of a clock that was ahead is none to wait for.
  const nowMs = run.clock.now().getTime();
  if (longestMs <= nowMs || asked.getTime() > nowMs) return 0;
  const keptSeconds = Math.max(seen.ttlSeconds, await seen.negativeTtlSeconds());
  return asked.getTime() + 1000 * Math.min(keptSeconds, longestKeptSeconds);
}
