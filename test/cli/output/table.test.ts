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

  it('fits a terminal: spare columns go first, then the widest are cut; in a pipe nothing is', () => {
    const rows = [['a-very-long-name.of.a-customer.test', '10', '2026-06-01', `${'because '.repeat(10)}end`]];
    const head = ['NAME', 'N', 'DATE', 'WHY'];
    for (const columns of [30, 60, 80]) {
      const lines = drawTable(head, rows, { columns, spare: [0, 2, 1, 0] }).split('\n');
      expect(lines.map((line) => line.length).every((length) => length <= columns)).toBe(true);
      expect(lines[1]).toContain('because');
    }
    expect(drawTable(head, rows, { columns: 60, spare: [0, 2, 1, 0] })).not.toContain(' N ');
    expect(drawTable(head, rows, { spare: [0, 2, 1, 0] })).toMatch(/ N .*\n.* end$/);
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

  it('cuts a long column before it leaves it out', () => {
    const rows = [['a.test', `webroot /srv/${'x'.repeat(60)}`, 'taken over']];
    const head = ['NAME', 'PROVEN BY', 'OUTCOME'];
    const [first] = drawTable(head, rows, { columns: 60, spare: [0, 1, 0] }).split('\n');
    expect(first).toMatch(/^NAME +PROVEN BY +OUTCOME$/);
    expect(drawTable(head, rows, { columns: 40, spare: [0, 1, 0] })).not.toContain('PROVEN');
  });
});
