import { type KeyObject, createHash, createPublicKey, sign } from 'node:crypto';

/** What a request is signed with: the key itself before the account exists, its URL afterwards (RFC 8555 §6.2). */
export type Signer = { key: KeyObject; accountUrl?: string };

/**
 * A signed ACME request body (RFC 8555 §6.2), made without the product's code.
 * @param payload what to send; `undefined` for POST-as-GET.
 */
export function signedBody(signer: Signer, url: string, nonce: string, payload: unknown): string {
  const { key, accountUrl } = signer;
  const who = accountUrl === undefined ? { jwk: publicJwk(key) } : { kid: accountUrl };
  const alg = key.asymmetricKeyType === 'rsa' ? 'RS256' : curveAlgorithm(key);
  const header = base64url(JSON.stringify({ alg, nonce, url, ...who }));
  const body = payload === undefined ? '' : base64url(JSON.stringify(payload));
  const signature = sign(`sha${alg.slice(2)}`, Buffer.from(`${header}.${body}`), {
    key,
    // RFC 7518 §3.4: the two numbers side by side, not DER.
    dsaEncoding: 'ieee-p1363',
  });
  return JSON.stringify({ protected: header, payload: body, signature: signature.toString('base64url') });
}

/** The fingerprint that a key authorization ends with (RFC 8555 §8.1, RFC 7638). */
export function thumbprint(key: KeyObject): string {
  const jwk = publicJwk(key);
  const sorted = Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url');
}

/** Reads the payload of a signed body; `undefined` for POST-as-GET and for what isn't one. */
export function payloadOf(body: string): unknown {
  return partOf(body, 'payload');
}

/** The URL of the account that signed a body; `undefined` where the key itself stands there, and for what isn't signed. */
export function accountOf(body: string): string | undefined {
  return (partOf(body, 'protected') as { kid?: string } | undefined)?.kid;
}

function partOf(body: string, part: 'payload' | 'protected'): unknown {
  try {
    const text = (JSON.parse(body) as Record<typeof part, string>)[part];
    return text === '' ? undefined : JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function publicJwk(key: KeyObject): Record<string, unknown> {
  return { ...createPublicKey(key).export({ format: 'jwk' }) };
}

function curveAlgorithm(key: KeyObject): string {
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ES384' : 'ES256';
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
