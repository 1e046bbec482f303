import { recordMissed, recordSeenByCa } from '../../ledger/names/name-server-delays.ts';
import type { AccountRun } from '../account-run.ts';
import type { Failure } from '../order/challenge-tasks.ts';

/** In the words of Boulder and Pebble: no record, or an old one, was there. */
const missing =
  /NXDOMAIN|no such host|No TXT record|Incorrect TXT record|Correct value not found|Error retrieving TXT/i;

/**
 * Learns from names that failed at the CA for want of a record that all servers showed: some place where the CA looks was behind, such as a
 * site of an anycast server, and the next records of these servers are waited for longer. Where the CA sees other names of theirs, the name
 * itself is at fault, such as a domain that has expired.
 * @param serverSets the servers that showed the record of each authorization
 */
export async function learnFromMissed(
  run: AccountRun,
  failures: readonly Failure[],
  serverSets: ReadonlyMap<number, string>,
): Promise<void> {
  const missed = failures.flatMap(({ row, error }) => {
    const servers = serverSets.get(row.id);
    return servers !== undefined && missing.test(error.problem?.detail ?? '') ? [servers] : [];
  });
  for (const servers of new Set(missed)) {
    const seconds = await recordMissed(run, servers);
    if (seconds === null) continue;
    run.log.warn(
      { servers, seconds },
      'the CA missed a record that all its name servers showed; the next is waited for longer',
    );
  }
}

/** Learns from authorizations that the CA found valid: the records of their servers reach it. */
export async function learnFromProven(run: AccountRun, serverSets: Iterable<string>): Promise<void> {
  for (const servers of new Set(serverSets)) await recordSeenByCa(run, servers);
}
