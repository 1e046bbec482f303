import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { AcmeLedgerError } from '../errors.ts';

/**
 * The private key in a text, in whichever way ACME clients write account keys: PEM (PKCS#1, PKCS#8, SEC1 also with `EC PARAMETERS` before it,
 * and certmagic's own label for Ed25519), or a JWK (RFC 7517), by itself or as the member `key` of an object. Whether CAs take
 * a key of its kind isn't looked at.
 * @param label what errors call it, such as the file's name
 * @returns PEM, PKCS#8
 * @throws AcmeLedgerError `bad-file`
 */
export function privateKeyFrom(text: string, label = 'the key'): string {
  const key = text.trimStart().startsWith('{') ? fromJwk(text, label) : fromPem(text, label);
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[^]*?-----END \1-----/g;

function fromPem(text: string, label: string): KeyObject {
  const blocks = [...text.matchAll(block)];
  const [first, second] = blocks;
  if (first === undefined) throw unusable(label, withoutKey(text), formats);
  if (second !== undefined) {
    throw unusable(label, 'holds more than one private key', 'give a file with the account key alone');
  }
  const [pem, kind = ''] = first;
  // PKCS#8 (RFC 5958) has its own label, and PKCS#1 and SEC1 (RFC 5915) say it in the block's head (RFC 1421 §4.6.1.1).
  if (kind.startsWith('ENCRYPTED') || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw unusable(
      label,
      'is encrypted with a passphrase',
      'give a copy without one: openssl pkey -in FILE -out COPY',
    );
  }
  return parsed(label, () =>
    // What certmagic writes under this label is PKCS#8.
    createPrivateKey(kind === 'ED25519 PRIVATE KEY' ? pem.replaceAll(kind, 'PRIVATE KEY') : pem),
  );
}

function withoutKey(text: string): string {
  const [, kind] = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text) ?? [];
  return kind === undefined
    ? 'holds no private key, neither PEM nor JWK'
    : `holds no private key, but a ${kind}`;
}

function fromJwk(text: string, label: string): KeyObject {
  const jwk = jwkIn(jsonOf(text, label));
  if (jwk === null) throw unusable(label, 'is JSON without a key (JWK) in it', formats);
  if (jwk['kty'] === 'oct') throw unusable(label, 'is a shared secret, not a private key', formats);
  if (typeof jwk['d'] !== 'string') throw unusable(label, 'is a public key only', formats);
  return parsed(label, () => createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' }));
}

function jsonOf(text: string, label: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote what it read: a piece of the key.
    throw unusable(label, "looks like JSON, but can't be read as such", formats);
  }
}

function jwkIn(value: unknown): Record<string, unknown> | null {
  if (!isObject(value)) return null;
  if (typeof value['kty'] === 'string') return value;
  const { key } = value;
  return isObject(key) && typeof key['kty'] === 'string' ? key : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(label: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (cause) {
    throw unusable(label, 'holds a private key that is damaged or of an unknown kind', formats, cause);
  }
}

const formats = 'an account key is PEM (PKCS#8, PKCS#1 or SEC1) or a private JWK';

function unusable(label: string, fault: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('bad-file', `${label} ${fault}`, { hint, cause });
}
