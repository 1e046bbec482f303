import { X509Certificate, type KeyObject } from 'node:crypto';
import { AcmeLedgerError } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { printable } from '../printable.ts';

// Public chains have two to four certificates; more than this is no chain.
const maxChainLength = 16;
const pemPattern = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The parts of a certificate that acme-ledger reads. */
export interface CertificateFacts {
  /** Domains in lower case and IP addresses in canonical form, in the certificate's order. */
  names: string[];
  /** Subject alternative names of other kinds, as `email:a@b.example`. */
  otherNames: string[];
  /** Lower-case hexadecimal digits. */
  serial: string;
  notBefore: Date;
  notAfter: Date;
  subjectCommonName: string | null;
  issuerCommonName: string | null;
  publicKey: KeyObject;
}

/**
 * The certificates of a PEM chain, in its order; text between them is passed over.
 * @throws AcmeLedgerError `store` for none, too many, or one that can't be read
 */
export function parseChain(chainPem: string): [X509Certificate, ...X509Certificate[]] {
  const [leaf, ...others] = chainPem.match(pemPattern) ?? [];
  if (leaf === undefined) throw storeError('there is no certificate in it');
  if (others.length >= maxChainLength) throw storeError(`it has ${String(others.length + 1)} certificates`);
  return [parseCertificate(leaf), ...others.map(parseCertificate)];
}

/** The facts that a certificate tells. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    names: namesOf(certificate),
    otherNames: otherNamesOf(certificate),
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    subjectCommonName: commonNameOf(certificate.subject),
    issuerCommonName: commonNameOf(certificate.issuer),
    publicKey: publicKeyOf(certificate),
  };
}

/** A chain that can't be used, or a store that can't be written. */
export function storeError(
  reason: string,
  {
    cause,
    hint = 'the certificate that was there before is still in place',
  }: { cause?: unknown; hint?: string } = {},
): AcmeLedgerError {
  return new AcmeLedgerError('store', `the certificate chain can't be used: ${reason}`, { hint, cause });
}

// A leaf is read when it is checked and when it is stored, and thousands have the same issuer.
const recent = new Map<string, X509Certificate>();
const mostRecent = 16;

function parseCertificate(pem: string): X509Certificate {
  const known = recent.get(pem);
  if (known !== undefined) return known;
  try {
    const certificate = new X509Certificate(pem);
    const [oldest] = recent.keys();
    if (recent.size >= mostRecent && oldest !== undefined) recent.delete(oldest);
    recent.set(pem, certificate);
    return certificate;
  } catch (cause) {
    throw storeError("one of its certificates can't be read", { cause });
  }
}

function namesOf(certificate: X509Certificate): string[] {
  // Node writes "DNS:a.example, IP Address:2001:DB8:0:0:0:0:0:1" and quotes what could be mistaken for two entries.
  return (certificate.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const value = /^(?:DNS|IP Address):(.*)$/s.exec(entry)?.[1];
    return value === undefined ? [] : [canonical(value)];
  });
}

/** Subject alternative names of other kinds (RFC 5280 §4.2.1.6), as `email:a@b.example`: ACME asks for none of them. */
function otherNamesOf(certificate: X509Certificate): string[] {
  const entries = (certificate.subjectAltName ?? '').split(', ');
  return entries
    .filter((entry) => /^[a-z][a-z ]{0,40}:/i.test(entry) && !/^(?:DNS|IP Address):/.test(entry))
    .map(printable);
}

/** A name that parseName refuses stays as it is: it's compared and shown, and can't equal one that was asked for. */
function canonical(name: string): string {
  try {
    return parseName(name).value;
  } catch {
    return printable(name);
  }
}

function commonNameOf(distinguishedName: string | undefined): string | null {
  // Node shows a name with an attribute on each line, escaped as RFC 4514 says.
  const value = /^CN=(.*)$/m.exec(distinguishedName ?? '')?.[1];
  return value === undefined ? null : value.replace(/\\(.)/g, '$1');
}

function publicKeyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey;
  } catch (cause) {
    throw storeError("the key of one of its certificates can't be read", { cause });
  }
}
