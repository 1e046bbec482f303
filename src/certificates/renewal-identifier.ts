import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { derValues } from './der.ts';
import { leafFileOf } from './store.ts';

/**
 * The identifier of a stored certificate for renewal information (RFC 9773 §4.1): the keyIdentifier of its
 * Authority Key Identifier and its serial number as in DER, both base64url, with a dot between.
 * @param serial of the certificate that is meant, as the ledger has it
 * @returns null when another certificate lies there, or it has no such key identifier
 * @throws Error when there is none that can be read
 */
export async function renewalIdentifierOf(
  stateDir: string,
  { name, serial }: { name: string; serial: string | null },
): Promise<string | null> {
  const leaf = new X509Certificate(await readFile(leafFileOf(stateDir, name)));
  return leaf.serialNumber.toLowerCase() === serial ? renewalIdentifier(leaf) : null;
}

export function renewalIdentifier({ raw }: X509Certificate): string | null {
  // RFC 5280 §4.1: Certificate, its tbsCertificate, and in that the serial number (the first INTEGER) and the extensions ([3]).
  const parts = derValues(derValues(derValues(raw)[0]?.content)[0]?.content);
  const serial = parts.find(({ tag }) => tag === integer)?.content;
  const extensions = derValues(derValues(parts.find(({ tag }) => tag === context3)?.content)[0]?.content);
  const keyId = extensions
    .map(({ content }) => keyIdentifierIn(derValues(content)))
    .find((id) => id !== null);
  if (serial === undefined || keyId === undefined) return null;
  return `${keyId.toString('base64url')}.${serial.toString('base64url')}`;
}

/** RFC 5280 §4.2.1.1, of one extension: its OID, perhaps whether it is critical, and its value in an OCTET STRING. */
function keyIdentifierIn(extension: ReturnType<typeof derValues>): Buffer | null {
  if (extension[0]?.content.equals(authorityKeyIdentifier) !== true) return null;
  const [value] = derValues(extension.at(-1)?.content);
  return derValues(value?.content).find(({ tag }) => tag === context0)?.content ?? null;
}

/** 2.5.29.35 */
const authorityKeyIdentifier = Buffer.from([0x55, 0x1d, 0x23]);
const integer = 0x02;
const context0 = 0x80;
const context3 = 0xa3;
