import { isRecord } from '../json-record.ts';
import type { JsonWebKey } from 'node:crypto';
import { parseAllDocuments } from 'yaml';

/** A key within a file that holds more than the key. */
export type ContainedKey = { jwk: JsonWebKey } | { pem: string } | { der: Buffer };

/** Deeper than any such file is nested. */
const maxDepth = 8;

/**
 * The account keys in the files of other programs: a JWK by itself or as a member `key` (Posh-ACME),
 * Traefik's `acme.json`, win-acme's signer, and Secrets of Kubernetes, where cert-manager has them. Keys of
 * certificates, which Traefik keeps beside, are left out (docs/decisions.md#account-keys-in-other-formats).
 */
export function keysIn(value: unknown): ContainedKey[] {
  return found(value, maxDepth);
}

/** The documents of YAML that are Secrets of Kubernetes; none for any other text. */
export function secretsIn(text: string): unknown[] {
  if (!/^kind:\s{0,20}['"]?(?:Secret|List)\b/m.test(text)) return [];
  const documents = parseAllDocuments(text);
  return [...documents].map((document): unknown => document.toJS());
}

function found(value: unknown, depth: number): ContainedKey[] {
  if (depth === 0) return [];
  if (Array.isArray(value)) return value.flatMap((each) => found(each, depth - 1));
  const members = isRecord(value) ? value : null;
  if (members === null) return [];
  if (typeof members['kty'] === 'string') return [{ jwk: members }];
  if (members['kind'] === 'Secret') return inSecret(members);
  const { KeyExport: signer, PrivateKey: der } = members;
  if (typeof signer === 'string') return inSigner(signer);
  if (typeof der === 'string') return [{ der: Buffer.from(der, 'base64') }];
  return Object.values(members).flatMap((each) => found(each, depth - 1));
}

function inSecret({ data, stringData }: Record<string, unknown>): ContainedKey[] {
  const plain = Object.values(membersOf(stringData) ?? {}).filter((each) => typeof each === 'string');
  const encoded = Object.values(membersOf(data) ?? {}).filter((each) => typeof each === 'string');
  return [...plain, ...encoded.map((each) => Buffer.from(each, 'base64').toString('latin1'))]
    .filter((text) => text.includes('PRIVATE KEY-----'))
    .map((pem) => ({ pem }));
}

/** .NET's names for the numbers of a key, in base64, or for RSA in XML. */
function inSigner(text: string): ContainedKey[] {
  const numbers = text.trimStart().startsWith('<') ? numbersOfXml(text) : numbersOfJson(text);
  const number = (name: string): string | undefined => {
    const value = numbers.get(name.toLowerCase());
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('base64url');
  };
  const [d, x, y, n] = [number('D'), number('X'), number('Y'), number('Modulus')];
  if (d !== undefined && x !== undefined && y !== undefined) {
    const crv = { 32: 'P-256', 48: 'P-384', 66: 'P-521' }[Buffer.from(x, 'base64url').length];
    return crv === undefined ? [] : [{ jwk: { kty: 'EC', crv, d, x, y } }];
  }
  if (d === undefined || n === undefined) return [];
  const names = { e: 'Exponent', p: 'P', q: 'Q', dp: 'DP', dq: 'DQ', qi: 'InverseQ' };
  const rest = Object.entries(names).map(([name, net]) => [name, number(net)]);
  return [{ jwk: { kty: 'RSA', n, d, ...(Object.fromEntries(rest) as JsonWebKey) } }];
}

function numbersOfXml(text: string): Map<string, string> {
  const members = text.matchAll(/<([A-Za-z]{1,10})>([A-Za-z\d+/=]{1,2000})</g);
  return new Map([...members].map(([, name = '', value = '']) => [name.toLowerCase(), value]));
}

function numbersOfJson(text: string): Map<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new Map();
  }
  const members = Object.entries(isRecord(value) ? value : {});
  return new Map(
    members.flatMap(([name, each]) => (typeof each === 'string' ? [[name.toLowerCase(), each]] : [])),
  );
}

function membersOf(value: unknown): Record<string, unknown> | null {
  return isRecord(value) ? value : null;
}
