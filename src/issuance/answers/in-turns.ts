import { later } from '../../clock.ts';
import type { AccountRun } from '../account-run.ts';
import { decideSubmitted, isUndecided } from '../authorization/verdicts.ts';
import { validationTimeoutMs } from '../order/name-failures.ts';
import { type Presentable, type Submission, presentAndSubmit } from '../order/submit.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { cleanUpPresentations } from './take-down.ts';

/** What the rounds of one attempt met. */
export interface Met {
  /** The authorizations that the CA says it is validating already (409). */
  conflicts: Set<number>;
  /** The name servers that showed the record of each authorization. */
  serverSets: Map<number, string>;
}

/**
 * Submits what can be seen. A name whose answer another name's took the place of, at a DNS or by a hook that holds one value at a name, is
 * put up and submitted once that name has its verdict and its answer is down.
 */
export async function submitInTurns(
  run: AccountRun,
  placed: PlacedOrder,
  presentable: Presentable,
  met: Met,
): Promise<Pick<Submission, 'failures' | 'sentAt'>> {
  let left = presentable;
  for (;;) {
    const submission = await presentAndSubmit(run, placed, left);
    for (const id of submission.conflicts) met.conflicts.add(id);
    for (const [id, servers] of submission.serverSets) met.serverSets.set(id, servers);
    const { failures, replaced, sentAt } = submission;
    const again = left.tasks.filter((task) => replaced.some(({ row }) => row.id === task.row.id));
    // One that gets nowhere by itself either fails as it stands.
    const isStuck = again.length === left.tasks.length;
    if (again.length === 0 || failures.length > 0 || isStuck)
      return { failures: [...failures, ...replaced], sentAt };
    run.log.info(
      { order: placed.row.id, names: again.map(({ row }) => row.identifier) },
      'one value at a time is held at these names: their other answers are proven behind',
    );
    const rows = await decideSubmitted(
      run,
      placed.row.id,
      later(run.clock.now(), validationTimeoutMs),
      run.stops.work,
    );
    run.stops.work.throwIfAborted();
    if (rows.some(({ status }) => status === 'invalid')) return { failures: [], sentAt };
    // The CA may still look: the next answer would take the place of the one that it looks for.
    if (rows.some(isUndecided)) return { failures: replaced, sentAt };
    await cleanUpPresentations(run, placed.row.id, ({ status }) => status === 'valid');
    left = { seen: [], tasks: again };
  }
}
