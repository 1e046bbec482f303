import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MixedText } from '../../../src/clients/logs/mixed-text.ts';

function textOf(bytes: Buffer, cuts: readonly number[] = []): string {
  const mixed = new MixedText();
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  const texts = ends.map((end, index) => mixed.textOf(bytes.subarray(ends[index - 1] ?? 0, end)));
  return texts.join('') + mixed.end();
}

const line = fc.stringMatching(/^[a-z0-9/:. -]{4,40}$/).map((text) => `${text}\r\n`);
const stretches = fc.array(
  fc.record({ encoding: fc.constantFrom('latin1', 'utf16le'), lines: fc.array(line) }),
);

describe('bytes of a log', () => {
  it('are read in each of two encodings that lines are written in, wherever they are cut into pieces', () => {
    fc.assert(
      fc.property(stretches, fc.array(fc.nat()), (parts, cuts) => {
        const bytes = parts.map(({ encoding, lines }) =>
          Buffer.from(lines.join(''), encoding as BufferEncoding),
        );
        expect(textOf(Buffer.concat(bytes), cuts)).toBe(parts.flatMap(({ lines }) => lines).join(''));
      }),
    );
  });

  it('never make one URL of two, nor a number longer', () => {
    const [first, second] = ['https://ca.example/acme/authz/1', '23\r\nhttps://ca.example/acme/authz/2'];
    const wide = Buffer.from(second, 'utf16le');
    expect(textOf(Buffer.concat([Buffer.from(first), wide]))).toBe(`${first} ${second}`);
    expect(textOf(Buffer.concat([wide, Buffer.from('34')]))).toBe(`${second} 34`);
    expect(textOf(Buffer.from('https://ca.example/acme/authz/1\x002\x00', 'latin1'))).not.toMatch(/12/);
  });

  it('that are neither are left as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat()), (bytes, cuts) => {
        const all = Buffer.from(bytes.map((byte) => byte | 1));
        expect(textOf(all, cuts)).toBe(all.toString('latin1'));
      }),
    );
  });
});
