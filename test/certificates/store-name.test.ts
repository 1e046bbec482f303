import fc from 'fast-check';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertStoreName, storeNameOf } from '../../src/certificates/store-name.ts';
import { parseNames } from '../../src/identifiers.ts';

describe('assertStoreName', () => {
  it.each(['example.com', '_.example.com', '2001_db8__1', 'Kunde-1', 'läden.example', 'a'.repeat(253)])(
    'takes %s',
    (name) => {
      expect(() => assertStoreName(name)).not.toThrow();
    },
  );

  it.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '.hidden',
    '-rf',
    'a b',
    'a\nb',
    'a\0b',
    'a\u001bb',
    'a\u202eb',
    'a'.repeat(254),
    'ä'.repeat(127),
  ])('refuses %j', (name) => {
    expect(() => assertStoreName(name)).toThrow(expect.objectContaining({ code: 'bad-name' }));
  });

  it('never takes a name that leads out of its folder', () => {
    const pieces = fc.constantFrom('.', '..', '/', '\\', 'a', 'example.com', '\0', ' ', '-');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
        const name = parts.join('');
        try {
          assertStoreName(name);
        } catch {
          return;
        }
        expect(dirname(join('/folder', name))).toBe('/folder');
      }),
    );
  });
});

describe('storeNameOf', () => {
  it.each([
    ['example.com', 'example.com'],
    ['*.example.com', '_.example.com'],
    ['2001:db8::1', '2001_db8__1'],
    ['192.0.2.1', '192.0.2.1'],
  ])('names the certificate of %s %s', (first, expected) => {
    const name = storeNameOf(parseNames([first, 'other.example.com']));
    expect(name).toBe(expected);
    expect(() => assertStoreName(name)).not.toThrow();
  });
});
