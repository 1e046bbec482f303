import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';

/** A signed request (RFC 8555 §6.2), taken apart and checked without the product's code. */
export interface CheckedJws {
  key: KeyObject;
  /** The account's URL; undefined where the key itself stands there. */
  kid: string | undefined;
  nonce: string;
  url: string;
  /** Undefined for POST-as-GET. */
  payload: Record<string, unknown> | undefined;
}

/** @throws Error when the signature isn't the key's, or something is missing */
export function checkedJws(body: string, keyOf: (kid: string) => KeyObject | undefined): CheckedJws {
  const jws = JSON.parse(body) as { protected: string; payload: string; signature: string };
  const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as {
    alg: string;
    nonce: string;
    url: string;
    kid?: string;
    jwk?: JsonWebKey;
  };
  if ((header.kid === undefined) === (header.jwk === undefined)) throw new Error('either kid or jwk');
  const key =
    header.jwk === undefined ? keyOf(header.kid ?? '') : createPublicKey({ key: header.jwk, format: 'jwk' });
  if (key === undefined) throw new Error(`no account ${header.kid ?? ''}`);
  const isRight = verify(
    'sha256',
    Buffer.from(`${jws.protected}.${jws.payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(jws.signature, 'base64url'),
  );
  if (!isRight) throw new Error('the signature is not of this key');
  const text = Buffer.from(jws.payload, 'base64url').toString();
  return {
    key,
    kid: header.kid,
    nonce: header.nonce,
    url: header.url,
    payload: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
  };
}
