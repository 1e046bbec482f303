import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, shortened } from '../src/printable.ts';

/** What moves a cursor, changes colours, forges a line or turns the direction of reading. */
const control =
  // eslint-disable-next-line no-control-regex -- what must not be there
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

describe('printable', () => {
  it.each([
    ['\u001b[31mred', '\\x1b[31mred'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\u009b2J', '\\x9b2J'],
    ['\u007f\u0000', '\\x7f\\x00'],
    ['evil\u202egpj', 'evil\\u202egpj'],
    ['\u2028\u2066\ufeff\u061c', '\\u2028\\u2066\\ufeff\\u061c'],
    ['Füße, 例え, 👍', 'Füße, 例え, 👍'],
  ])('%j becomes %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves no control character in any text, and a text without any as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(control);
        if (!control.test(text)) expect(shown).toBe(text);
        expect(printable(shown)).toBe(shown);
      }),
    );
  });
});

describe('printableJson', () => {
  it('is JSON of the same value, without a control character in it', () => {
    fc.assert(
      fc.property(anyText, fc.jsonValue(), (text, value) => {
        const given = { text, [text]: value };
        const json = printableJson(given);
        expect(json).not.toMatch(control);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
  });
});

describe('shortened', () => {
  it('tells the ends of what nobody can read to its end, and all else as it is', () => {
    const long = '/x'.repeat(450_000);
    expect(shortened(`--webroot ${long} can't be used`)).toBe(
      `--webroot ${'/x'.repeat(50)}…(899860 more characters)…${'/x'.repeat(20)} can't be used`,
    );
    const urls = Array.from({ length: 100 }, (_, id) => `https://ca.example/${'a'.repeat(200)}/${id}`).join(
      ' ',
    );
    expect(shortened(urls)).toBe(urls);
    expect(shortened('many words '.repeat(100_000)).length).toBeLessThan(25_000);
  });
});
