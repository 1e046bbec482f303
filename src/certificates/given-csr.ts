import { createPublicKey, webcrypto, type KeyObject } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import type { GeneralName, Pkcs10CertificateRequest } from '@peculiar/x509';
import { messageOf } from '../errors.ts';
import { assertPublicNames, parseName, type Identifier } from '../identifiers.ts';
import { printable } from '../printable.ts';
import { badFile, readGivenFile } from '../system/given-file.ts';

// Enough for some thousand names; no CA takes more than a few hundred.
const maxBytes = 256 * 1024;
const pemPattern =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/g;

export interface Csr {
  der: Buffer;
  identifiers: Identifier[];
  publicKey: KeyObject;
}

/**
 * Reads a person's certificate request, PEM or DER, from a file or as its bytes. What else it asks for (must-staple,
 * key usages) is left to the CA.
 * @param isCompared the caller compares its names with those that a person typed: then it may be anybody's
 * @throws AcmeLedgerError `bad-file` when it isn't one, others may change it, its signature is wrong, its key is one that no CA takes, or it
 *   has no names or names other than domains and IP addresses
 */
export async function readCsr(source: string | Buffer, isCompared = false): Promise<Csr> {
  const shown = typeof source === 'string' ? `the CSR ${printable(source)}` : 'the CSR';
  const content =
    typeof source === 'string'
      ? await readGivenFile({ path: source, what: 'the CSR', maxBytes, mayBeOfOthers: isCompared })
      : source;
  const der = derOf(content, shown);
  const request = await parse(der, shown);
  const publicKey = usableKey(request, shown);
  await checkSignature(request, shown);
  return { der, identifiers: await namesOf(request, shown), publicKey };
}

/** The library takes 70 ms to load, and only few commands need it (docs/decisions.md#reading-a-given-csr). */
function loadX509(): Promise<typeof X509> {
  return import('@peculiar/x509');
}

function derOf(content: Buffer, shown: string): Buffer {
  if (content.length > maxBytes) {
    throw badFile(`${shown} is larger than ${String(maxBytes)} bytes`, 'check that it is a CSR');
  }
  if (content[0] === 0x30) return content;
  const blocks = [...content.toString('latin1').matchAll(pemPattern)];
  const [block] = blocks;
  if (block === undefined) throw badFile(`${shown} isn't a certificate request`, makeOne);
  if (blocks.length > 1)
    throw badFile(`${shown} holds ${String(blocks.length)} certificate requests`, 'give one file for each');
  return Buffer.from(block[1] ?? '', 'base64');
}

async function parse(der: Buffer, shown: string): Promise<Pkcs10CertificateRequest> {
  const { Pkcs10CertificateRequest } = await loadX509();
  try {
    const request = new Pkcs10CertificateRequest(der);
    if (lengthOf(der) !== der.length) throw new Error('it ends too early or something follows it');
    return request;
  } catch (cause) {
    throw badFile(`${shown} isn't a certificate request: ${printable(messageOf(cause))}`, makeOne, cause);
  }
}

/** The length that the outermost DER element claims (X.690 §8.1.3), with its header. */
function lengthOf(der: Buffer): number {
  const first = der[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const bytes = first & 0x7f;
  return bytes >= 1 && bytes <= 4 ? 2 + bytes + der.readUIntBE(2, bytes) : -1;
}

function usableKey(request: Pkcs10CertificateRequest, shown: string): KeyObject {
  const key = readKey(request, shown);
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa' && bits < 2048) {
    throw badFile(`${shown} has an RSA key of ${String(bits)} bits, and CAs ask for 2048 or more`, makeOne);
  }
  const curve = asymmetricKeyDetails?.namedCurve ?? '';
  const known = asymmetricKeyType === 'rsa' || ['prime256v1', 'secp384r1', 'secp521r1'].includes(curve);
  if (!known) {
    const what = curve === '' ? (asymmetricKeyType ?? 'unknown') : curve;
    throw badFile(`${shown} has a key of type ${what}, which no CA certifies (BR §6.1.5)`, makeOne);
  }
  return key;
}

function readKey(request: Pkcs10CertificateRequest, shown: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  } catch (cause) {
    throw badFile(`${shown} has a public key that can't be read`, makeOne, cause);
  }
}

async function checkSignature(request: Pkcs10CertificateRequest, shown: string): Promise<void> {
  const { hash } = request.signatureAlgorithm as { hash?: { name: string } };
  if (!['SHA-256', 'SHA-384', 'SHA-512'].includes(hash?.name ?? '')) {
    throw badFile(`${shown} is signed with ${hash?.name ?? 'an algorithm'}, which CAs refuse`, makeOne);
  }
  const right = await request.verify(webcrypto).catch(() => false);
  if (!right) throw badFile(`${shown} has a wrong signature: its key didn't sign it`, makeOne);
}

async function namesOf(request: Pkcs10CertificateRequest, shown: string): Promise<Identifier[]> {
  const { SubjectAlternativeNameExtension } = await loadX509();
  const extension = request.extensions.find((each) => each instanceof SubjectAlternativeNameExtension);
  const names = (extension?.names.items ?? []).map((name) => identifierOf(name, shown));
  const unique = new Map(names.map((name) => [name.value, name]));
  for (const common of request.subjectName.getField('CN')) {
    const name = commonName(common);
    if (name !== null) unique.set(name.value, unique.get(name.value) ?? name);
  }
  if (unique.size === 0) throw badFile(`${shown} has no names`, makeOne);
  return [...unique.values()];
}

function identifierOf(name: GeneralName, shown: string): Identifier {
  const what = `${name.type} name "${printable(name.value)}"`;
  if (name.type !== 'dns' && name.type !== 'ip') {
    throw badFile(`${shown} has the ${what}: ACME knows domains and IP addresses only`, makeOne);
  }
  try {
    const identifier = parseName(name.value);
    if (identifier.type === name.type) return identifier;
  } catch (cause) {
    throw badFile(`${shown}: ${messageOf(cause)}`, makeOne, cause);
  }
  throw badFile(`${shown} has the ${what}, which is of the other kind`, makeOne);
}

/** RFC 8555 §7.4: a domain may stand in the common name alone. Anything else there is a mere label. */
function commonName(value: string): Identifier | null {
  try {
    const name = parseName(value);
    assertPublicNames([name]);
    return name.type === 'dns' ? name : null;
  } catch {
    return null;
  }
}

const makeOne =
  'openssl req -new -key privkey.pem -subj / -addext subjectAltName=DNS:example.com -out request.csr makes one';
