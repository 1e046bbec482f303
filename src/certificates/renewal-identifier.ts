import { X509Certificate } from 'node:crypto';

/**
 * The identifier of a certificate for renewal information (RFC 9773 §4.1): the keyIdentifier of its Authority Key Identifier and its
 * serial number as in DER, both base64url, with a dot between.
 * @param pem a chain, leaf first
 * @returns null when it has no such key identifier
 */
export async function renewalIdentifier(pem: string): Promise<string | null> {
  // Loaded when there is a certificate to replace: it takes longer than most commands run.
  const x509 = await import('@peculiar/x509');
  const leaf = new X509Certificate(pem);
  const extension = new x509.X509Certificate(leaf.raw).getExtension(x509.AuthorityKeyIdentifierExtension);
  const keyId = extension?.keyId;
  if (keyId === undefined) return null;
  return `${Buffer.from(keyId, 'hex').toString('base64url')}.${serialOf(leaf).toString('base64url')}`;
}

/** X.690 §8.3: an INTEGER is signed, so a first byte of 0x80 and more has a zero before it. */
function serialOf({ serialNumber }: X509Certificate): Buffer {
  const digits = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`;
  const bytes = Buffer.from(digits, 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}
