import { createPrivateKey, webcrypto, type KeyObject } from 'node:crypto';
import type { Identifier } from '../identifiers.ts';
import { badFile } from './given-file.ts';
import { keyTypes, publicKeyOf } from './key.ts';

/**
 * A certificate request (PKCS#10) in DER for these names: all of them as subject alternative names and an empty
 * subject, because RFC 8555 §7.4 wants no more and Let's Encrypt's newer profiles ignore the common name.
 */
export async function createCsr(identifiers: readonly Identifier[], keyPem: string): Promise<Buffer> {
  const { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } =
    await import('@peculiar/x509'); // takes 70 ms, and few commands need it
  const { keys, signingAlgorithm } = await signingKeys(keyPem);
  const names = identifiers.map(({ type, value }) => ({ type, value }));
  const request = await Pkcs10CertificateRequestGenerator.create(
    { keys, signingAlgorithm, extensions: [new SubjectAlternativeNameExtension(names)] },
    webcrypto,
  );
  return Buffer.from(request.rawData);
}

async function signingKeys(
  keyPem: string,
): Promise<{ keys: webcrypto.CryptoKeyPair; signingAlgorithm: SigningAlgorithm }> {
  const publicKey = publicKeyOf(keyPem);
  const signingAlgorithm = algorithmOf(publicKey);
  const privateDer = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  const publicDer = publicKey.export({ type: 'spki', format: 'der' });
  const [privateKey, verifyKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', privateDer, signingAlgorithm, false, ['sign']),
    webcrypto.subtle.importKey('spki', publicDer, signingAlgorithm, true, ['verify']),
  ]);
  return { keys: { privateKey, publicKey: verifyKey }, signingAlgorithm };
}

interface SigningAlgorithm {
  name: string;
  hash: string;
  namedCurve?: string;
}

function algorithmOf(publicKey: KeyObject): SigningAlgorithm {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const algorithm = curveAlgorithms[asymmetricKeyDetails?.namedCurve ?? ''];
  if (algorithm !== undefined) return algorithm;
  throw badFile('the private key is of a type that no CA certifies', `use one of ${keyTypes.join(', ')}`);
}

// RFC 5480 §4: a hash as strong as the curve.
const curveAlgorithms: Record<string, SigningAlgorithm> = {
  prime256v1: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
};
