import { timeText } from '../clock.ts';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { AcmeLedgerError } from '../errors.ts';
import type { Identifier } from '../identifiers.ts';
import { printable } from '../printable.ts';
import { factsOf, parseChain, type CertificateFacts } from './certificate.ts';
import { flawedChain } from './chain-flaw.ts';
import { isSameKey } from './key.ts';

// CAs date a certificate back by an hour and more; a clock that is further behind than a day is wrong.
const maxClockLagMs = 24 * 60 * 60 * 1000;

/** The certificate that the CA was asked for. */
export interface Wanted {
  identifiers: readonly Identifier[];
  publicKey: KeyObject;
  /** Null where it doesn't matter whether the certificate has ended. */
  now: Date | null;
}

export interface IssuedFacts extends CertificateFacts {
  /** Names that nobody asked for: DigiCert adds the domain to a certificate for its wildcard, some CAs add `www`, others an e-mail address or a URI. */
  addedNames: string[];
}

/**
 * Checks that a downloaded chain (PEM, leaf first) is what was asked for: the leaf has our names and our key and is valid now, and each
 * certificate signed the one before it (RFC 8555 §9.1). Names beside ours make it no less usable.
 * @throws AcmeLedgerError `store` saying what is different; `flawOf` tells whether it can become right
 */
export function assertIssued(chainPem: string, wanted: Wanted): IssuedFacts {
  const chain = wholeChain(chainPem);
  const facts = factsOf(chain[0]);
  const addedNames = [...compareNames(facts.names, wanted.identifiers), ...facts.otherNames];
  if (!isSameKey(facts.publicKey, wanted.publicKey))
    throw flawedChain('final', 'it is for another key than ours');
  if (wanted.now !== null) assertValidNow(facts, wanted.now);
  assertLinked(chain);
  return { ...facts, addedNames };
}

function wholeChain(chainPem: string): ReturnType<typeof parseChain> {
  try {
    const chain = parseChain(chainPem);
    // The chain is parsed before it is judged, so that a certificate that can't be read is reported as such.
    factsOf(chain[0]);
    return chain;
  } catch (error) {
    if (error instanceof AcmeLedgerError) throw flawedChain('broken', reasonOf(error));
    throw error;
  }
}

function reasonOf({ message }: AcmeLedgerError): string {
  return message.replace(/^[^:]*: /, '');
}

/**
 * Compares the names.
 * @returns the names that nobody asked for
 */
function compareNames(names: string[], identifiers: readonly Identifier[]): string[] {
  const asked = new Set(identifiers.map((identifier) => identifier.value));
  const given = new Set(names);
  const missing = [...asked].filter((name) => !given.has(name));
  if (missing.length > 0) throw flawedChain('final', `it lacks the name ${shownList(missing)}`);
  return [...given].filter((name) => !asked.has(name));
}

function assertValidNow({ notBefore, notAfter }: CertificateFacts, now: Date): void {
  const shown = `(this machine's clock says ${timeText(now)})`;
  if (notAfter <= now) {
    const hint = 'if the clock is wrong, set it (timedatectl) and run the same again';
    throw flawedChain('final', `it ended at ${timeText(notAfter)} ${shown}`, { hint });
  }
  if (notBefore.getTime() > now.getTime() + maxClockLagMs) {
    const hint =
      'if the clock is wrong, set it (timedatectl) and run the same again: the certificate is kept at the CA and fetched, not ordered anew; the one before is still in place';
    throw flawedChain('early', `it begins at ${timeText(notBefore)} ${shown}`, { hint });
  }
}

function assertLinked(chain: X509Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) return;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      throw flawedChain(
        'broken',
        `its certificate ${String(index + 2)} didn't sign number ${String(index + 1)}`,
      );
    }
  }
}

/** A few names for a message, quoted. */
export function shownList(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `"${printable(name)}"`);
  return names.length > 3 ? `${shown.join(', ')} and ${String(names.length - 3)} more` : shown.join(', ');
}
