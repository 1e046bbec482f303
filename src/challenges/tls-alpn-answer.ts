import { KeyObject, webcrypto } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { later } from '../clock.ts';
import { keyAuthorizationDigest } from './answer-values.ts';
import type { ChallengeAnswer } from './solver.ts';

export const acmeIdentifier = '1.3.6.1.5.5.7.1.31'; // RFC 8737 §6.1
const dayMs = 86_400_000;

/**
 * A self-signed certificate that answers tls-alpn-01: the identifier as its only subjectAltName, the digest of the key
 * authorization in a critical acmeIdentifier extension (RFC 8737 §3).
 */
export async function challengeContext(answer: ChallengeAnswer, now: Date): Promise<SecureContext> {
  // Loading it takes 70 ms or more, which only tls-alpn-01 should pay.
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { type, value } = answer.identifier;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=ACME challenge',
    notBefore: later(now, -dayMs),
    notAfter: later(now, 7 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type, value }]),
      new x509.Extension(acmeIdentifier, true, octetString(keyAuthorizationDigest(answer))),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return createSecureContext({ key, cert: certificate.toString('pem') });
}

/** DER: tag 4, one byte of length, the digest's 32 bytes. */
function octetString(content: Buffer): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([4, content.length, ...content]);
}
