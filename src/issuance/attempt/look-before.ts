import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { recordNameFailure } from '../../ledger/names/failing-names.ts';
import { liveOrderFor } from '../../ledger/orders/intents.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import { printable } from '../../printable.ts';
import { shellWords } from '../../shell-word.ts';
import type { AccountRun } from '../account-run.ts';
import { forLife, lifeMsOf } from '../names/back-off.ts';
import type { Attempt } from './attempt.ts';
import type { Ending } from './ending.ts';
import { standingFaults } from './standing-faults.ts';

/** Names for which an order would certainly fail, each with the reason. */
export type DeadNames = ReadonlyMap<string, AcmeLedgerError>;

/** The names that are named in a hint. */
const namedMost = 5;

/**
 * Looks at names before an order names them. Those that it would certainly fail for are recorded as names that
 * failed: they wait for longer and longer, and have cost nothing at the CA. An order that is open already is
 * gone on with, whatever can be seen.
 */
export async function deadNames(
  run: AccountRun,
  certificate: CertificateRow,
  names: readonly string[],
): Promise<DeadNames> {
  const namesKey = identifierSetKey(names.map(parseName));
  const live = await liveOrderFor(run.ledger, run.account.id, namesKey, certificate.profile);
  if (live !== undefined) return new Map();
  const dead: DeadNames = new Map([
    ...((await run.look?.(run, certificate, names)) ?? []),
    ...(await standingFaults(run, certificate, names)),
  ]);
  const rule = forLife(run.failureRule, lifeMsOf(certificate));
  for (const [name, error] of dead)
    await recordNameFailure(run, run.account.id, parseName(name), errorRecord(error), rule);
  if (dead.size > 0)
    run.log.warn(
      { names: [...dead.keys()] },
      `${certificate.name}: ${String(dead.size)} of ${String(names.length)} names would fail, as a look without the CA shows`,
    );
  return dead;
}

/** The attempt that sends nothing, because an order with these names would certainly fail. */
export async function endUnordered(
  run: AccountRun,
  certificate: CertificateRow,
  dead: DeadNames,
  ending: Ending,
): Promise<Attempt> {
  const error = errorRecord(deadError(dead));
  await ending.recordFailed(run, certificate, error);
  return { status: 'failed', certificate, orderId: null, error };
}

function deadError(dead: DeadNames): AcmeLedgerError {
  const names = [...dead.keys()];
  const [first] = dead.values();
  const others = names.length === 1 ? '' : `; and ${String(names.length - 1)} more of its names would fail`;
  const typed = shellWords(names.slice(0, namedMost).map(printable));
  // A look at a record that stands for good says itself what to set; an order would fail at the same look.
  return new AcmeLedgerError('name-check', `${first?.message ?? ''}${others}; nothing was sent`, {
    hint:
      first?.code === 'solver' && first.hint !== undefined
        ? first.hint
        : `acme-ledger check ${typed} says what to change; --no-check orders it all the same`,
  });
}
