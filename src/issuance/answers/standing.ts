import { AcmeLedgerError } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import type { Challenge } from '../../acme/objects/resources.ts';
import type { SolverSettings } from '../../challenges/settings.ts';
import type { AccountRun } from '../account-run.ts';
import type { Task } from '../order/challenge-tasks.ts';

/** Looks right before the submit whether the answer that stands for good is there. @throws AcmeLedgerError `solver` */
export async function assertStands(run: AccountRun, task: Task): Promise<void> {
  const { identifier, wildcard } = task.authorization;
  await standingEnd(run, task.settings, { identifier, isWildcard: wildcard }, task.challenge);
}

/**
 * When the answer that stands for a name ends; null for never.
 * @param challenge what the CA wants in it; before an order the directory tells, where it does
 * @throws AcmeLedgerError `solver` when it isn't there, or isn't for this account
 */
export async function standingEnd(
  run: AccountRun,
  settings: SolverSettings,
  name: { identifier: Identifier; isWildcard: boolean },
  challenge: Pick<Challenge, 'issuerDomainNames' | 'accountUri'> | null,
): Promise<Date | null> {
  const solver = run.solverFor(settings);
  if (solver.standingEnd === undefined)
    throw new AcmeLedgerError('bug', `the solver ${settings.solver} has no answer that stands`);
  const { caaIdentities } = run.session.directory.meta;
  const issuers = challenge?.issuerDomainNames ?? caaIdentities.map((each) => each.toLowerCase());
  const uris = [run.session.account?.url, run.account.url, challenge?.accountUri].flatMap((url) => url ?? []);
  const proof = { ...name, issuers: issuers.length === 0 ? null : issuers, accountUris: [...new Set(uris)] };
  return solver.standingEnd(proof, run.stops.work);
}
