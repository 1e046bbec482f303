import { parseProof } from '../../challenges/proof/proof.ts';
import { wayOf } from '../../challenges/proof/ways.ts';
import { later, timeText } from '../../clock.ts';
import { type AcmeLedgerError, hasCode } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import { printable } from '../../printable.ts';
import type { AccountRun } from '../account-run.ts';
import { standingEnd } from '../answers/standing.ts';

/** A record that ends before that is told: the next renewal may find it ended. */
const soonMs = 30 * 86_400_000;

/**
 * Looks before an order at the answers that stand for good, of the names that are proven so: one that isn't there, or names another
 * account, would cost an order. One that is about to end is told.
 * @returns why names can't be ordered
 */
export async function standingFaults(
  run: AccountRun,
  certificate: CertificateRow,
  names: readonly string[],
): Promise<ReadonlyMap<string, AcmeLedgerError>> {
  const standing = standingNames(run, certificate, names);
  const results = await Promise.all(standing.map((each) => lookAt(run, certificate, each)));
  return new Map(
    standing.flatMap(({ name }, index) => {
      const fault = results[index];
      return fault === null || fault === undefined ? [] : [[name, fault] as const];
    }),
  );
}

type Standing = { name: string; settings: ReturnType<typeof wayOf>['settings'] };

/** None where nothing says how the names are proven: the attempt tells that. */
function standingNames(
  { solverRules }: AccountRun,
  { settings }: CertificateRow,
  names: readonly string[],
): Standing[] {
  try {
    const proof = parseProof(settings);
    return names
      .map((name) => ({ name, settings: wayOf(proof, name, solverRules).settings }))
      .filter(({ settings: { challenge } }) => challenge === 'dns-persist-01');
  } catch {
    return [];
  }
}

async function lookAt(
  run: AccountRun,
  certificate: CertificateRow,
  { name, settings }: Standing,
): Promise<AcmeLedgerError | null> {
  const isWildcard = name.startsWith('*.');
  try {
    const identifier = parseName(name.replace(/^\*\./, ''));
    const endsAt = await standingEnd(run, settings, { identifier, isWildcard }, null);
    if (endsAt !== null && endsAt < later(run.clock.wallNow(), soonMs))
      run.log.warn(
        { certificate: certificate.name },
        `the record by which ${printable(name)} is proven (dns-persist-01) ends at ${timeText(endsAt)}: set one that lasts longer; acme-ledger dns-persist record ${printable(name)} prints it`,
      );
    return null;
  } catch (error) {
    if (hasCode(error, 'solver')) return error;
    throw error;
  }
}
