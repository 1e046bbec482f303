import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from '../src/shell-word.ts';

test('a shell reads the word back as the text that it was, and runs nothing of it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 12 }), { maxLength: 20 }),
      (texts) => {
        const words = texts.map((text) => `printf '%s\\0' ${shellWord(text)}`).join('\n');
        const read = execFileSync('/bin/sh', ['-c', words], { encoding: 'utf8' }).split('\0').slice(0, -1);
        expect(read).toEqual(texts);
      },
    ),
    { numRuns: 40 },
  );
});

test.for(['example.com', '/etc/acme-ledger/dns.sh', 'https://ca.example/directory', 'a@b.example'])(
  '%s needs no quotes',
  (text) => {
    expect(shellWord(text)).toBe(text);
  },
);

test.for(['', '*.example.com', '$(id)', "it's", 'a b', '~/x', 'a;b', '#x'])('%j is quoted', (text) => {
  expect(shellWord(text)).toMatch(/^'/);
});
