import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Identifier } from '../identifiers.ts';
import { printable } from '../printable.ts';
import { factsOf, parseChain, storeError, type CertificateFacts } from './certificate.ts';
import { isSameKey } from './key.ts';

// CAs date a certificate back by an hour and more; a clock that is further behind than a day is wrong.
const maxClockLagMs = 24 * 60 * 60 * 1000;

/** What was asked of the CA. */
export interface Wanted {
  identifiers: readonly Identifier[];
  publicKey: KeyObject;
  now: Date;
}

/**
 * Checks that a downloaded chain (PEM, leaf first) is what was asked for: the leaf has exactly our names and our key and
 * is valid now, and each certificate signed the one before it (RFC 8555 §9.1).
 * @throws AcmeLedgerError `store` saying what is different
 */
export function assertIssued(chainPem: string, wanted: Wanted): CertificateFacts {
  const chain = parseChain(chainPem);
  const facts = factsOf(chain[0]);
  assertNames(facts.names, wanted.identifiers);
  if (!isSameKey(facts.publicKey, wanted.publicKey)) throw storeError('it is for another key than ours');
  assertValidNow(facts, wanted.now);
  assertLinked(chain);
  return facts;
}

function assertNames(names: string[], identifiers: readonly Identifier[]): void {
  const asked = new Set(identifiers.map((identifier) => identifier.value));
  const given = new Set(names);
  const missing = [...asked].filter((name) => !given.has(name));
  const added = [...given].filter((name) => !asked.has(name));
  if (missing.length > 0) throw storeError(`it lacks the name ${shownList(missing)}`);
  if (added.length > 0) throw storeError(`it has the name ${shownList(added)}, which nobody asked for`);
}

function assertValidNow({ notBefore, notAfter }: CertificateFacts, now: Date): void {
  const shown = `(this machine's clock says ${now.toISOString()})`;
  const hint =
    'if the clock is wrong, set it (timedatectl) and run the same again: the certificate is kept at the CA and fetched, not ordered anew; the one before is still in place';
  if (notAfter <= now) throw storeError(`it ended at ${notAfter.toISOString()} ${shown}`, { hint });
  if (notBefore.getTime() > now.getTime() + maxClockLagMs) {
    throw storeError(`it begins at ${notBefore.toISOString()} ${shown}`, { hint });
  }
}

function assertLinked(chain: X509Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) return;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      throw storeError(`its certificate ${String(index + 2)} didn't sign number ${String(index + 1)}`);
    }
  }
}

function shownList(names: string[]): string {
  const shown = names.slice(0, 3).map((name) => `"${printable(name)}"`);
  return names.length > 3 ? `${shown.join(', ')} and ${String(names.length - 3)} more` : shown.join(', ');
}
