import { describe, expect, it } from 'vitest';
import { drawTable } from '../../../src/cli/output/table.ts';

describe('drawTable', () => {
  it('sets columns below each other, with nothing behind the last', () => {
    const rows = [
      ['a.test', '10', ''],
      ['longer.test', '9', 'late'],
    ];
    expect(drawTable(['NAME', 'DAYS', 'WHY'], rows).split('\n')).toEqual([
      'NAME         DAYS  WHY',
      'a.test       10',
      'longer.test  9     late',
    ]);
  });

  it('makes control characters visible before it measures', () => {
    expect(drawTable(['A', 'B'], [['\u001b[31m', 'x']])).not.toContain('\u001b');
  });

  it('draws ten thousand rows in a blink', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => [`n${index}.test`, 'x', 'y', 'z']);
    const before = process.cpuUsage();
    drawTable(['NAME', 'X', 'Y', 'Z'], rows);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2_000);
  });
});
