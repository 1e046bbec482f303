import { hasProofOptions } from '../challenges/proof/typed-proof.ts';
import { AcmeLedgerError } from '../errors.ts';
import { adoptStored } from '../issuance/certificate/adopt-stored.ts';
import { isSameKind } from '../ledger/certificates/certificates.ts';
import { type CertificatePause, pauseOf } from '../ledger/certificates/pauses.ts';
import { type ComparedCertificate, recordAllWanted } from '../ledger/certificates/wanted.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { CertificateOptions } from '../settings/certificate-fields.ts';
import type { Change } from './changes.ts';
import { recordTyped } from './record-typed.ts';
import { type TypedCertificate, typedCertificate } from './typed.ts';

/** What a command wrote down of one certificate. */
export interface Written {
  name: string;
  names: readonly string[];
  outcome: string;
  changes: Change[];
  /** The next renewal orders a certificate for it. */
  isOrderedNext: boolean;
  paused: CertificatePause | null;
}

export interface Added extends Written {
  /** The end of the stored certificate that was taken over for it; null where there was none. */
  adoptedUntil: Date | null;
}

/** Writes down that the certificate of a command line is wanted; nothing is sent. @throws AcmeLedgerError with exit code 2 */
export async function addWanted(
  context: CommandContext,
  names: readonly string[],
  options: CertificateOptions,
): Promise<Added> {
  const typed = await typedCertificate(context, names, options);
  const { wanted } = typed;
  return withLedgerWriter(context, 'cert add', async (writer) => {
    const compared = await recordTyped(context, writer, typed, (tx) =>
      recordAllWanted(tx, [wanted], 'command'),
    );
    const isNew = compared[0]?.before === undefined;
    const adoptedUntil = isNew ? await adoptStored(writer, context.settings.stateDir, wanted) : null;
    return { ...written(typed, compared, writer.clock.now()), adoptedUntil };
  });
}

/**
 * Changes what is wanted of a certificate that exists; nothing is sent.
 * @throws AcmeLedgerError `not-found`; `usage` where nothing is typed that would change it, or the configuration wants it
 */
export async function setWanted(
  context: CommandContext,
  name: string,
  options: CertificateOptions,
): Promise<Written> {
  assertSomethingTyped(context, options);
  const typed = await typedCertificate(context, [], { ...options, certName: name });
  return withLedgerWriter(context, 'cert set', async (writer) => {
    const compared = await recordTyped(context, writer, typed, (tx) =>
      recordAllWanted(tx, [typed.wanted], 'command'),
    );
    return written(typed, compared, writer.clock.now());
  });
}

/** @throws AcmeLedgerError `usage` */
export function assertSomethingTyped({ settings }: CommandContext, options: CertificateOptions): void {
  const { csr, keyType, reuseKey, profile, preferredChain, deployHook } = options;
  const own = [csr, keyType, reuseKey, profile, preferredChain, deployHook];
  if (settings.caGiven || hasProofOptions(options) || own.some((value) => value !== undefined)) return;
  throw new AcmeLedgerError('usage', 'nothing says what is to be set', {
    hint: "give an option, as in --key-type ec384; an empty value takes away what is there, as in --deploy-hook ''",
  });
}

function written(
  { wanted, changes }: TypedCertificate,
  [compared]: readonly ComparedCertificate[],
  now: Date,
): Written {
  const { before, outcome = 'unchanged' } = compared ?? {};
  const hasOrdered = before?.removed_at === null && before.order_id !== null;
  return {
    name: wanted.name,
    names: wanted.names,
    outcome,
    changes: outcome === 'changed' ? changes : [],
    isOrderedNext: !hasOrdered || !isSameKind(before, wanted),
    paused: before === undefined ? null : pauseOf(before, now),
  };
}
