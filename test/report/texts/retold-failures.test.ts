import { expect, it } from 'vitest';
import { AcmeLedgerError, errorRecord } from '../../../src/errors.ts';
import { RetoldFailures } from '../../../src/report/texts/retold-failures.ts';

function failure(message: string, hint = 'mend the zone') {
  return errorRecord(new AcmeLedgerError('solver', message, { hint }));
}

it('tells one reason for all that differ in their names and times alone, the most frequent first', () => {
  const retold = new RetoldFailures('certificate');
  retold.add('failed', failure('odd'), ['odd.test']);
  for (let count = 1; count <= 300; count += 1) {
    const name = `n${count}.test`;
    retold.add('failed', failure(`no zone for ${name} at 2026-01-01T00:00:0${count % 10}.000Z`), [name]);
  }
  expect(retold.reasons().map(({ subject, error }) => `${subject}: ${error.message}`)).toEqual([
    '300 certificates (n1.test, n2.test, n3.test …): failed: no zone for n1.test at 2026-01-01T00:00:01.000Z',
    'odd.test: failed: odd',
  ]);
  expect(retold.countLeft).toBe(0);
});

it('says whose hint it is where the hint names the first of them', () => {
  const retold = new RetoldFailures('certificate');
  for (const name of ['a.test', 'b.test']) retold.add('failed', failure('no', `dig ${name}`), [name]);
  expect(retold.reasons()).toMatchObject([
    { subject: 'a.test, b.test: failed', error: { hint: 'for a.test: dig a.test' } },
  ]);
});

it('tells twenty reasons and counts the others', () => {
  const retold = new RetoldFailures('certificate');
  for (let count = 1; count <= 25; count += 1)
    retold.add('failed', failure(`reason ${'x'.repeat(count)}`), [`n${count}.test`]);
  expect(retold.reasons()).toHaveLength(20);
  expect(retold.countLeft).toBe(5);
});
