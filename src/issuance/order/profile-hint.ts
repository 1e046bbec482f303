import { isProblem } from '../../acme/objects/problems.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import type { AccountRun } from '../account-run.ts';
import { shellWord } from '../../shell-word.ts';

/**
 * The profile in which Let's Encrypt certifies IP addresses; its default one refuses them without saying so.
 */
const ofAddresses = 'shortlived';

/**
 * The CA's refusal of an order for an IP address without a profile, with a hint at the CA's profile for
 * those.
 */
export function withProfileHint(
  { session }: Pick<AccountRun, 'session'>,
  order: { identifiers: readonly Identifier[]; profile: string },
  error: unknown,
): unknown {
  const isMeant =
    error instanceof AcmeLedgerError &&
    isProblem(error, 'rejectedIdentifier', 'unsupportedIdentifier', 'malformed') &&
    order.profile === '' &&
    order.identifiers.some(({ type }) => type === 'ip') &&
    ofAddresses in session.directory.meta.profiles;
  if (!isMeant) return error;
  const { code, message, problem, httpStatus } = error;
  return new AcmeLedgerError(code, message, {
    cause: error,
    hint: `this CA certifies IP addresses in its profile "${ofAddresses}": give --profile ${shellWord(ofAddresses)}`,
    ...(problem === undefined ? {} : { problem }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  });
}
