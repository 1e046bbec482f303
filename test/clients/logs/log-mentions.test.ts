import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Mention, mentionsIn } from '../../../src/clients/logs/log-mentions.ts';

/** In the order of the places, as they are met in a log. */
function mentionsAt(text: string, places: readonly number[]): Mention[] {
  const mentionAt = mentionsIn(text);
  return places.map((at) => mentionAt(at));
}

const placesIn = (text: string): number[] => Array.from(text.matchAll(/@/g), ({ index }) => index);

describe('what stands around each of many URLs', () => {
  it.each([
    ['no time', ''],
    ['one time above them all', '2025-06-05 11:38:29 UTC\n'],
  ])('costs no look back over the same lines, with %s', (_what, head) => {
    const text = `${head}${'@ order\n'.repeat(2_000)}`.padStart(20_000, '-\n');
    const { user } = process.cpuUsage();
    for (let times = 0; times < 10; times += 1) expect(mentionsAt(text, placesIn(text))).toHaveLength(2_000);
    expect((process.cpuUsage().user - user) / 1e6).toBeLessThan(1);
  });

  it('is what it would be of that one alone', () => {
    const far = `${'y'.repeat(5_000)}\n`;
    const piece = fc.constantFrom(
      '\n',
      '@\n',
      '2025-06-05 11:38:29 UTC ',
      '2025-06-05 11:38:30,1:DEBUG:acme.client:',
      far,
      '@',
    );
    const leavingReach = ['2025-06-05 11:38:29 UTC ', ...Array<string[]>(5).fill(['@\n', far]).flat(), '@'];
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('');
        const places = placesIn(text);
        expect(mentionsAt(text, places)).toEqual(places.flatMap((at) => mentionsAt(text, [at])));
      }),
      { examples: [[leavingReach]] },
    );
  });
});
