import { expect, it } from 'vitest';
import { csvLine } from '../../src/cli/csv.ts';

it('a line of CSV quotes what has to be', () => {
  expect(csvLine(['a.test', null, 7, 'one,two', 'say "no"', 'two\nlines'])).toBe(
    'a.test,,7,"one,two","say ""no""","two\nlines"',
  );
});
