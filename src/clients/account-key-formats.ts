import { createPrivateKey, type KeyObject } from 'node:crypto';
import { AcmeLedgerError } from '../errors.ts';
import { textOf } from './found-files.ts';
import { keysIn, secretsIn } from './key-containers.ts';

/**
 * The private key in a file, in whichever way ACME clients and other programs keep account keys: PEM (PKCS#1, PKCS#8, SEC1 also with
 * `EC PARAMETERS` before it, and certmagic's own label for Ed25519), also where its line breaks were lost; DER of the same kinds; a JWK
 * (RFC 7517), and what `keysIn` knows. Whether CAs take a key of its kind isn't looked at.
 * @param label what errors call it, such as the file's name
 * @returns PEM, PKCS#8
 * @throws AcmeLedgerError `bad-file`
 */
export function privateKeyOf(bytes: Buffer, label = 'the key'): string {
  return isDer(bytes) ? exported(fromDer(bytes, label)) : privateKeyFrom(textOf(bytes), label);
}

/** The private key in a text, in the ways that `privateKeyOf` takes a file. */
export function privateKeyFrom(text: string, label = 'the key'): string {
  return exported(keyFrom(text, label));
}

function exported(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function keyFrom(text: string, label: string): KeyObject {
  if (text.trimStart().startsWith('{')) return fromContainer([jsonOf(text, label)], label);
  const secrets = attempt(() => secretsIn(text), label);
  if (secrets.length > 0) return fromContainer(secrets, label);
  // Base64 of a whole key, as `kubectl get secret -o jsonpath` prints it.
  const packed = text.replaceAll(/\s/g, '');
  const decoded = /^[A-Za-z\d+/]{100,}={0,2}$/.test(packed) ? Buffer.from(packed, 'base64') : null;
  if (decoded === null) return fromPem(text, label);
  return isDer(decoded) ? fromDer(decoded, label) : fromPem(decoded.toString('latin1'), label);
}

const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([^]*?)-----END \1-----/g;

function fromPem(text: string, label: string): KeyObject {
  const blocks = [...text.matchAll(block)];
  const [first, second] = blocks;
  if (first === undefined) throw unusable(label, withoutKey(text), formats);
  if (second !== undefined) throw severalKeys(label);
  const [pem, kind = '', body = ''] = first;
  // PKCS#8 (RFC 5958) has its own label, and PKCS#1 and SEC1 (RFC 5915) say it in the block's head (RFC 1421 §4.6.1.1).
  if (kind.startsWith('ENCRYPTED') || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw unusable(
      label,
      'is encrypted with a passphrase',
      'give a copy without one: openssl pkey -in FILE -out COPY',
    );
  }
  // The block that certmagic writes under this label is PKCS#8.
  const plainKind = kind === 'ED25519 PRIVATE KEY' ? 'PRIVATE KEY' : kind;
  return parsed(label, () => createPrivateKey(rewritten(plainKind, body)));
}

/** Line breaks are lost in variables and configuration: as a backslash with a letter, as blanks, or altogether. */
function rewritten(kind: string, body: string): string {
  const base64 = body.replace(/\\[rnt]/g, '').replace(/[\s"',\\]/g, '');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ''].join('\n');
}

/** A SEQUENCE (X.690 §8.9) that is as long as the file: no text begins like that. */
function isDer(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30 || bytes.length < 40) return false;
  const length = bytes[1] ?? 0;
  if (length < 0x80) return bytes.length === 2 + length;
  return length <= 0x83 && bytes.length === 2 + (length - 0x80) + bytes.readUIntBE(2, length - 0x80);
}

function fromDer(key: Buffer, label: string): KeyObject {
  const kinds = ['pkcs8', 'pkcs1', 'sec1'] as const;
  for (const type of kinds.slice(0, -1)) {
    try {
      return createPrivateKey({ key, format: 'der', type });
    } catch {
      // The key is of another kind.
    }
  }
  return parsed(label, () => createPrivateKey({ key, format: 'der', type: 'sec1' }));
}

function withoutKey(text: string): string {
  const [, kind] = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text) ?? [];
  return kind === undefined
    ? 'holds no private key, neither PEM nor JWK'
    : `holds no private key, but a ${kind}`;
}

function fromContainer(values: readonly unknown[], label: string): KeyObject {
  const keys = keysIn(values);
  const distinct = keys.filter((key, index) => {
    return keys.findIndex((other) => JSON.stringify(other) === JSON.stringify(key)) === index;
  });
  const [first, second] = distinct;
  if (first === undefined)
    throw unusable(label, 'is JSON or YAML without a key in it that is known', formats);
  if (second !== undefined) throw severalKeys(label);
  if ('pem' in first) return fromPem(first.pem, label);
  if ('der' in first) return fromDer(first.der, label);
  const { jwk } = first;
  if (jwk.kty === 'oct') throw unusable(label, 'is a shared secret, not a private key', formats);
  if (typeof jwk.d !== 'string') throw unusable(label, 'is a public key only', formats);
  return parsed(label, () => createPrivateKey({ key: jwk, format: 'jwk' }));
}

function severalKeys(label: string): AcmeLedgerError {
  return unusable(label, 'holds more than one private key', 'give a file with the account key alone');
}

function attempt<T>(act: () => T, label: string): T {
  try {
    return act();
  } catch {
    // The parser's own words are left out: they quote a piece of the key.
    throw unusable(label, "looks like YAML, but can't be read as such", formats);
  }
}

function jsonOf(text: string, label: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote what it read: a piece of the key.
    throw unusable(label, "looks like JSON, but can't be read as such", formats);
  }
}

function parsed(label: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (cause) {
    throw unusable(label, 'holds a private key that is damaged or of an unknown kind', formats, cause);
  }
}

const formats =
  "an account key is PEM or DER (PKCS#8, PKCS#1 or SEC1), a private JWK, Traefik's acme.json, win-acme's signer or a Secret of Kubernetes";

function unusable(label: string, fault: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('bad-file', `${label} ${fault}`, { hint, cause });
}
