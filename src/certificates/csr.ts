import { type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { promisify } from 'node:util';
import type { Identifier } from '../identifiers.ts';
import { derOf } from './der.ts';
import { badFile } from '../system/given-file.ts';
import { keyTypes, publicKeyOf } from './key.ts';

// With a callback the signing is done on a thread of its own: RSA 4096 takes milliseconds.
const signed = promisify(sign) as (hash: string, data: Buffer, key: KeyObject) => Promise<Buffer>;

/**
 * A certificate request (PKCS#10, RFC 2986 §4) in DER for these names: all of them as subject alternative
 * names and an empty subject, because RFC 8555 §7.4 wants no more and Let's Encrypt's newer profiles ignore
 * the common name (docs/decisions.md#certificate-requests-by-hand).
 * @throws AcmeLedgerError `bad-file` for a key that no CA certifies
 */
export async function createCsr(identifiers: readonly Identifier[], key: KeyObject): Promise<Buffer> {
  const { hash, identifier: algorithm } = algorithmOf(key);
  const names = derOf(tags.sequence, ...identifiers.map(generalName));
  const extension = derOf(tags.sequence, oids.subjectAltName, derOf(tags.octetString, names));
  const attribute = derOf(
    tags.sequence,
    oids.extensionRequest,
    derOf(tags.set, derOf(tags.sequence, extension)),
  );
  const info = derOf(
    tags.sequence,
    derOf(tags.integer, Buffer.from([0])),
    derOf(tags.sequence),
    publicKeyOf(key).export({ type: 'spki', format: 'der' }),
    derOf(tags.attributes, attribute),
  );
  // X.690 §8.6.2: no bit of the last byte is unused.
  const signature = derOf(tags.bitString, Buffer.from([0]), await signed(hash, info, key));
  return derOf(tags.sequence, info, algorithm, signature);
}

const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  attributes: 0xa0,
  // RFC 5280 §4.2.1.6, GeneralName.
  dnsName: 0x82,
  ipAddress: 0x87,
};

const oids = {
  // 1.2.840.113549.1.9.14 (RFC 2985 §5.4.2) and 2.5.29.17 (RFC 5280 §4.2.1.6).
  extensionRequest: oid('2a864886f70d01090e'),
  subjectAltName: oid('551d11'),
};

function oid(hex: string): Buffer {
  return derOf(tags.objectIdentifier, Buffer.from(hex, 'hex'));
}

function generalName({ type, value }: Identifier): Buffer {
  if (type === 'dns') return derOf(tags.dnsName, Buffer.from(value, 'latin1'));
  return derOf(tags.ipAddress, isIPv4(value) ? ipv4Bytes(value) : ipv6Bytes(value));
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/**
 * The bytes of an address in its canonical form (RFC 5952): `::` stands for as many zeroes as are missing.
 */
function ipv6Bytes(address: string): Buffer {
  const [front = [], back = []] = address
    .split('::')
    .map((half) => half.split(':').filter((one) => one !== ''));
  const zeroes = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const groups = [...front, ...zeroes, ...back];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

interface Algorithm {
  hash: string;
  /** AlgorithmIdentifier. */
  identifier: Buffer;
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Algorithm {
  // RFC 4055 §5: the parameters are NULL.
  if (asymmetricKeyType === 'rsa')
    return {
      hash: 'sha256',
      identifier: derOf(tags.sequence, oid('2a864886f70d01010b'), derOf(tags.null)),
    };
  const algorithm = curveAlgorithms[asymmetricKeyDetails?.namedCurve ?? ''];
  if (algorithm === undefined)
    throw badFile('the private key is of a type that no CA certifies', `use one of ${keyTypes.join(', ')}`);
  return { hash: algorithm.hash, identifier: derOf(tags.sequence, oid(algorithm.oid)) };
}

// RFC 5480 §4: a hash as strong as the curve; RFC 5758 §3.2.
const curveAlgorithms: Record<string, { hash: string; oid: string }> = {
  prime256v1: { hash: 'sha256', oid: '2a8648ce3d040302' },
  secp384r1: { hash: 'sha384', oid: '2a8648ce3d040303' },
  secp521r1: { hash: 'sha512', oid: '2a8648ce3d040304' },
};
