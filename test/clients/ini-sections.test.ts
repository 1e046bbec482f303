import { describe, expect, it } from 'vitest';
import { iniSections } from '../../src/clients/ini-sections.ts';

/** Agrees with what Python's ConfigObj reads of the same lines. */
describe("values of a file in ConfigObj's form", () => {
  it.each([
    ['a = plain words', 'plain words'],
    ['a = plain  # a comment', 'plain'],
    ['a = "with # and , in it" # a comment', 'with # and , in it'],
    [`a = 'say "hello"'`, 'say "hello"'],
    ['a = echo "x" && true', 'echo "x" && true'],
    ['a = one, two', ['one', 'two']],
    ['a = one,', ['one']],
    ['a = "one, 1", two # three', ['one, 1', 'two']],
    [`a = """one 'a' "b" # c""" # d`, `one 'a' "b" # c`],
    [`a = '''first\n  second\n[third]\nb = 4'''`, 'first\n  second\n[third]\nb = 4'],
    ['a =', ''],
    ['a = "not closed', null],
    ['a = "closed" too soon', null],
    ["a = '''never closed\nb = 1", null],
    ["a = '''closed''' too soon", null],
  ])('%j', (text, value) => {
    expect(iniSections(text).get('')?.get('a')).toEqual(value);
  });

  it('behind a long one are read, too', () => {
    const section = iniSections(`[s]\na = '''x\ny'''\nb = 2\n[t]\nc = 3`);
    expect(section.get('s')?.get('b')).toBe('2');
    expect(section.get('t')?.get('c')).toBe('3');
  });
});
