import { parseProof } from '../../challenges/proof/proof.ts';
import { wayOf } from '../../challenges/proof/ways.ts';
import { later, timeText } from '../../clock.ts';
import { AcmeLedgerError, hasCode } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import { counted, printable } from '../../printable.ts';
import type { AccountRun } from '../account-run.ts';
import { standingEnd } from '../answers/standing.ts';

/** A record that ends before that is told: the next renewal may find it ended. */
const soonMs = 30 * 86_400_000;

/**
 * Looks before an order at the answers that stand for good, of the names that are proven so: one that isn't there, or names another
 * account, would cost an order. One that is about to end is told.
 * @returns why the certificate can't be ordered; null when it can
 */
export async function standingFault(
  run: AccountRun,
  certificate: CertificateRow,
): Promise<AcmeLedgerError | null> {
  const standing = standingNames(run, certificate);
  const results = await Promise.all(standing.map((each) => lookAt(run, certificate, each)));
  const faults = results.flatMap((fault) => fault ?? []);
  const [first] = faults;
  if (first === undefined || faults.length === 1) return first ?? null;
  const { message, hint } = first;
  return new AcmeLedgerError('solver', `${message} (and ${counted(faults.length - 1, 'more name')})`, {
    ...(hint === undefined ? {} : { hint }),
  });
}

type Standing = { name: string; settings: ReturnType<typeof wayOf>['settings'] };

/** None where nothing says how the names are proven: the attempt tells that. */
function standingNames({ solverRules }: AccountRun, { names, settings }: CertificateRow): Standing[] {
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
