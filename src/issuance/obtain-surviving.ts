import { later } from '../clock.ts';
import { parseName } from '../identifiers.ts';
import { recordNameFailure } from '../ledger/identifiers.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { namesOf } from './collect.ts';
import { failedNames } from './failed-names.ts';
import type { Issuance } from './issuance.ts';
import type { FailedNamePolicy } from './name-choice.ts';
import { type Attempt, type ObtainOptions, obtain } from './obtain.ts';

/** Names that the CA wouldn't have in an order, names that failed, and the rest. */
const triesAtMost = 3;
const ordersAtMost = 2;

export interface SurvivingOptions extends ObtainOptions {
  onFailedName: FailedNamePolicy;
}

/**
 * One attempt to obtain one certificate, and with `drop` one more order for the names that are well, however many failed: what became
 * valid in the first is used again by CAs that do so, and the names that were left out stay wanted. Nothing is ordered that would bring
 * the very names that the stored certificate has already.
 */
export async function obtainSurviving(
  issuance: Issuance,
  certificate: CertificateRow,
  { names, onFailedName, ...options }: SurvivingOptions,
): Promise<Attempt> {
  const deadline = later(issuance.clock.now(), options.waitMs);
  let wanted = [...names];
  let orders = 0;
  for (let tries = 1; ; tries += 1) {
    const waitMs = Math.max(0, deadline.getTime() - issuance.clock.now().getTime());
    const attempt = await obtain(issuance, certificate, { ...options, names: wanted, waitMs });
    const failed = await failedNames(issuance.ledger, attempt, wanted);
    if (failed.refused) await recordRefused(issuance, failed.names, attempt);
    else orders += 1;
    const rest = wanted.filter((name) => !failed.names.includes(name));
    const goesOn = onFailedName === 'drop' && failed.names.length > 0 && rest.length > 0;
    const isOver = tries === triesAtMost || orders === ordersAtMost || issuance.stops.work.aborted;
    if (!goesOn || isOver || brings(certificate, rest)) return attempt;
    issuance.log.warn(
      { order: attempt.orderId, failed: failed.names },
      `${certificate.name}: goes on without ${String(failed.names.length)} of ${String(wanted.length)} names`,
    );
    wanted = rest;
  }
}

async function recordRefused(
  issuance: Issuance,
  names: readonly string[],
  { error }: Attempt,
): Promise<void> {
  for (const name of names) {
    await recordNameFailure(issuance, issuance.account.id, parseName(name), error, issuance.failureRule);
  }
}

/** Whether the stored certificate has exactly these names. */
function brings(certificate: CertificateRow, names: readonly string[]): boolean {
  if (certificate.stored_at === null || certificate.order_id === null) return false;
  const issued = issuedNames(certificate);
  return issued.length === names.length && names.every((name) => issued.includes(name));
}

function issuedNames(certificate: CertificateRow): string[] {
  return certificate.issued_names === null
    ? namesOf(certificate)
    : (JSON.parse(certificate.issued_names) as string[]);
}
