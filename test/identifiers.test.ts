import { isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertPublicNames, identifierSetKey, parseName, parseNames } from '../src/identifiers.ts';

const label63 = 'a'.repeat(63);

/** A label as RFC 1123 has it. */
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const domain = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[a-z]{2,10}$/))
  .map(([labels, top]) => [...labels, top].join('.'));

describe('a name', () => {
  it.each([
    ['example.com', 'dns', 'example.com'],
    ['EXAMPLE.com', 'dns', 'example.com'],
    ['*.Example.com', 'dns', '*.example.com'],
    ['1-2.example.com', 'dns', '1-2.example.com'],
    ['xn--bcher-kva.example', 'dns', 'xn--bcher-kva.example'],
    ['bücher.example', 'dns', 'xn--bcher-kva.example'],
    ['*.BÜCHER.example', 'dns', '*.xn--bcher-kva.example'],
    ['例え.テスト', 'dns', 'xn--r8jz45g.xn--zckzah'],
    [`${label63}.example`, 'dns', `${label63}.example`],
    ['192.0.2.1', 'ip', '192.0.2.1'],
    ['2001:DB8::0:1', 'ip', '2001:db8::1'],
    ['::ffff:192.0.2.1', 'ip', '::ffff:c000:201'],
  ])('%s is the %s identifier %s', (typed, type, value) => {
    expect(parseName(typed)).toEqual({ type, value });
  });

  it.each([
    '',
    '.',
    'a..b',
    '.a.example',
    'a.example.',
    '*',
    '*.',
    '*.*.a.example',
    'a.*.example',
    '*a.example',
    '*.192.0.2.1',
    `${label63}a.example`,
    `${label63}.${label63}.${label63}.${label63}`,
    'a b.example',
    '\ta.example',
    'a.example\n',
    '../a.example',
    'a.example/path',
    'a\\b.example',
    'https://a.example',
    '_.example',
    'a.*_b.example',
    '-a.example',
    'a-.example',
    'a.example:443',
    'me@a.example',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    'a.1',
    '[2001:db8::1]',
    'fe80::1%eth0',
    '2001:db8::/32',
    'a\u0000.example',
    'a\u202eb.example',
    '。。.example',
    'xn--a\u00fc.example',
  ])('%j is refused with a hint', (typed) => {
    expect(() => parseName(typed)).toThrow(
      expect.objectContaining({ code: 'bad-name', hint: expect.stringMatching(/\S/) as string }) as Error,
    );
  });

  it('that is valid is taken as it is, with capitals as without', () => {
    fc.assert(
      fc.property(domain, fc.boolean(), (name, wildcard) => {
        const value = wildcard ? `*.${name}` : name;
        expect(parseName(value)).toEqual({ type: 'dns', value });
        expect(parseName(value.toUpperCase())).toEqual({ type: 'dns', value });
      }),
    );
  });

  it('of any text is refused or becomes one that is taken as it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z*._-]{1,12}$/)), (text) => {
        const parsed = parsedOrNull(text);
        if (parsed === null) return;
        expect(parsed.value).toMatch(/^(\*\.)?[a-z0-9:._-]+$/);
        expect(parseName(parsed.value)).toEqual(parsed);
      }),
      { numRuns: 2_000 },
    );
  });

  it('that is an IPv6 address has one form, however it is written', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const { value } = parseName(address);
        expect(isIPv6(value)).toBe(true);
        expect(parseName(address.toUpperCase()).value).toBe(value);
      }),
    );
  });
});

describe("a name that only a CA of one's own may certify", () => {
  it.each(['localhost', '*.corp', 'a_b.example', '_acme.a.example', '*._tcp.a.example'])(
    '%s is taken, and refused for a public one',
    (typed) => {
      const identifier = parseName(typed);
      expect(identifier).toEqual({ type: 'dns', value: typed });
      expect(() => {
        assertPublicNames([parseName('a.example'), parseName('192.0.2.1'), identifier]);
      }).toThrow(expect.objectContaining({ code: 'bad-name' }) as Error);
    },
  );
});

describe('the names of a certificate', () => {
  it('stay in the order in which they were given', () => {
    const values = parseNames(['b.example', 'a.example', '192.0.2.1']).map(({ value }) => value);
    expect(values).toEqual(['b.example', 'a.example', '192.0.2.1']);
  });

  it.each([
    [['a.example', 'a.example']],
    [['a.example', 'A.EXAMPLE']],
    [['*.a.example', '*.A.example']],
    [['bücher.example', 'xn--bcher-kva.example']],
    [['::1', '0:0::1']],
  ])('%j are refused: one is there twice', (names) => {
    expect(() => parseNames(names)).toThrow(/is given twice/);
  });

  it('may hold a wildcard beside its base name', () => {
    expect(parseNames(['*.a.example', 'a.example'])).toHaveLength(2);
  });

  it('are at least one', () => {
    expect(() => parseNames([])).toThrow(/no name given/);
  });

  it('have one key, whatever their order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(domain, { minLength: 1, maxLength: 8 }), (names) => {
        const key = identifierSetKey(parseNames(names));
        expect(identifierSetKey(parseNames([...names].reverse()))).toBe(key);
        expect(key.split(' ')).toHaveLength(names.length);
      }),
    );
  });
});

function parsedOrNull(text: string): { type: string; value: string } | null {
  try {
    return parseName(text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad-name' });
    return null;
  }
}

describe('a name that was pasted', () => {
  it.each([
    ['“a.example”', /“ \(U\+201C\)/],
    ["'a.example'", /' \(U\+0027\)/],
    ['a–b.example', /– \(U\+2013\)/],
    ['a.example\u200b', /character \(U\+200B\)/],
    ['\ufeffa.example', /character \(U\+FEFF\)/],
  ])('is refused with the character that no name has: %j', (typed, message) => {
    expect(() => parseName(typed)).toThrow(message);
  });
});
