import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseChain } from '../../src/certificates/certificate.ts';
import { chooseChain } from '../../src/certificates/chain-choice.ts';
import { assertIssued } from '../../src/certificates/issued-chain.ts';
import { generateKey, publicKeyOf, pemOf } from '../../src/certificates/key.ts';
import { parseNames } from '../../src/identifiers.ts';
import { makeAuthority, type Authority } from './authority.ts';

const names = ['example.com', '*.example.com', '2001:db8::1', '192.0.2.7'];
const now = new Date();
const dayMs = 24 * 60 * 60 * 1000;
let authority: Authority;
let other: Authority;
let keyPem: string;
const wanted = (asked = names) => ({ identifiers: parseNames(asked), publicKey: publicKeyOf(keyPem), now });

beforeAll(async () => {
  [authority, other] = await Promise.all([
    makeAuthority('Root X', 'Sub X'),
    makeAuthority('Root Y', 'Sub Y'),
  ]);
  keyPem = pemOf(await generateKey('ec256'));
});

describe('assertIssued', () => {
  it('accepts what was asked for, in any order, with the root or without', async () => {
    const chain = await authority.issue({ names: [...names].reverse(), keyPem });
    expect(assertIssued(chain, wanted()).names.sort()).toEqual([...names].sort());
    const withRoot = await authority.issue({ names, keyPem, withRoot: true });
    expect(assertIssued(withRoot, wanted()).issuerCommonName).toBe('Sub X');
    expect(assertIssued(parseChain(withRoot)[0].toString(), wanted()).names).toEqual(names);
  });

  it('tells of names of kinds that nobody can ask for, as of others that the CA has added', async () => {
    const otherNames = [
      { type: 'email', value: 'admin@example.com' },
      { type: 'url', value: 'https://example.com/x' },
    ] as const;
    const chain = await authority.issue({ names, keyPem, otherNames: [...otherNames] });
    expect(assertIssued(chain, wanted()).addedNames).toEqual([
      'email:admin@example.com',
      'URI:https://example.com/x',
    ]);
  });

  it.each([
    ['a name too few', { names: names.slice(1) }, 'lacks the name "example.com"'],
    [
      'an end in the past',
      { notBefore: new Date(now.getTime() - 2 * dayMs), notAfter: new Date(now.getTime() - dayMs) },
      'it ended',
    ],
    ['a beginning in the far future', { notBefore: new Date(now.getTime() + 2 * dayMs) }, 'it begins'],
  ])('refuses %s', async (_case, leaf, part) => {
    const chain = await authority.issue({ names, keyPem, ...leaf });
    expect(() => assertIssued(chain, wanted())).toThrow(
      expect.objectContaining({ code: 'store', message: expect.stringContaining(part) as string }),
    );
  });

  it('tells names that nobody asked for', async () => {
    const chain = await authority.issue({ names: [...names, 'www.example.net'], keyPem });
    expect(assertIssued(chain, wanted()).addedNames).toEqual(['www.example.net']);
  });

  it('refuses a certificate for another key', async () => {
    const chain = await authority.issue({ names, keyPem });
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => assertIssued(chain, { ...wanted(), publicKey })).toThrow('another key');
  });

  it('refuses certificates that did not sign each other', async () => {
    const leaf = parseChain(await authority.issue({ names, keyPem }))[0].toString();
    const strangers = parseChain(await other.issue({ names, keyPem }))
      .slice(1)
      .join('\n');
    expect(() => assertIssued(`${leaf}${strangers}`, wanted())).toThrow("didn't sign");
  });

  it('refuses a namesake that did not sign', async () => {
    const namesake = await makeAuthority('Root X', 'Sub X');
    const leaf = parseChain(await authority.issue({ names, keyPem }))[0].toString();
    const strangers = parseChain(await namesake.issue({ names, keyPem }))
      .slice(1)
      .join('\n');
    expect(() => assertIssued(`${leaf}${strangers}`, wanted())).toThrow("didn't sign");
  });
});

describe('parseChain', () => {
  it('refuses a chain without end', async () => {
    const chain = await authority.issue({ names, keyPem });
    expect(() => parseChain(chain.repeat(9))).toThrow(expect.objectContaining({ code: 'store' }));
  });
});

describe('chooseChain', () => {
  it('prefers the topmost issuer of that name, else any on the way, else the default', async () => {
    const short = { url: '1', pem: await authority.issue({ names, keyPem }) };
    const long = { url: '2', pem: await other.issue({ names, keyPem }) };
    expect(chooseChain([short, long], null)).toEqual({ chain: short, found: true });
    expect(chooseChain([short, long], 'Root Y')).toEqual({ chain: long, found: true });
    expect(chooseChain([short, long], 'Sub Y')).toEqual({ chain: long, found: true });
    expect(chooseChain([short, long], 'example.com')).toEqual({ chain: short, found: false });
  });

  it('passes over a chain that has the name only on the way when another ends at it', async () => {
    const onTheWay = {
      pem: await (await makeAuthority('Root Z', 'Root Y')).issue({ names, keyPem, withRoot: true }),
    };
    const atTheEnd = { pem: await other.issue({ names, keyPem }) };
    expect(chooseChain([onTheWay, atTheEnd], 'Root Y').chain).toBe(atTheEnd);
  });
});
