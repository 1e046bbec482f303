import { expect, it } from 'vitest';
import { csvLine } from '../../../src/cli/output/csv.ts';

it('a line of CSV quotes what has to be', () => {
  expect(csvLine(['a.test', null, 7, 'one,two', 'say "no"', 'two\nlines'])).toBe(
    'a.test,,7,"one,two","say ""no""","two\nlines"',
  );
});

it('leaves nothing in a line of CSV that a spreadsheet would run, and numbers as they are', () => {
  expect(csvLine(['=cmd', '+1', '-1', '@x', '*.a.test', -1])).toBe("'=cmd,'+1,'-1,'@x,*.a.test,-1");
});
