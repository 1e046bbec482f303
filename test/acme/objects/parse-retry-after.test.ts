import { expect, test } from 'vitest';
import { retryAfter, retryAfterInText } from '../../../src/acme/objects/parse-retry-after.ts';

// asctime names no zone: it must not be read as this machine's.
process.env['TZ'] = 'America/New_York';

const now = new Date('2026-03-01T12:00:00Z');

test.for([
  ['120', '2026-03-01T12:02:00.000Z'],
  ['0', '2026-03-01T12:00:00.000Z'],
  ['Sun, 01 Mar 2026 13:00:00 GMT', '2026-03-01T13:00:00.000Z'],
  ['Sunday, 01-Mar-26 13:00:00 GMT', '2026-03-01T13:00:00.000Z'],
  ['Sun Mar  1 13:00:00 2026', '2026-03-01T13:00:00.000Z'],
  ['31536000', '2026-03-02T12:00:00.000Z'],
  ['999999999999', '2026-03-02T12:00:00.000Z'],
  ['Fri, 01 Mar 2999 13:00:00 GMT', '2026-03-02T12:00:00.000Z'],
  ['Sun, 01 Mar 2015 13:00:00 GMT', '2026-03-01T12:00:00.000Z'],
] as const)('Retry-After: %s is %s, never in the past and never more than a day ahead', ([header, at]) => {
  expect(retryAfter(header, now)?.toISOString()).toBe(at);
});

test.for([undefined, '', 'soon', '-5', '12.5', '1e3', 'Sun, 99 Foo', '2026-03-01', '9'.repeat(40)])(
  '%s is no time',
  (header) => {
    expect(retryAfter(header, now)).toBeNull();
  },
);

test.for([
  [
    'too many new orders (300) in the last 3h0m0s, retry after 2026-03-01 13:00:00 UTC: see …',
    '2026-03-01T13:00:00.000Z',
  ],
  ['Retry After 2026-03-01T13:00:00Z', '2026-03-01T13:00:00.000Z'],
  ['retry after 2999-03-01 13:00:00 UTC', '2026-03-02T12:00:00.000Z'],
  ['retry after 2026-03-01 11:00:00 UTC', undefined],
  ['retry after 2026-13-01 13:00:00 UTC', undefined],
  ['retry after 2026-03-01 13:00:00', undefined],
  ['slow down', undefined],
] as const)('the sentence "%s" tells %s', ([detail, at]) => {
  expect(retryAfterInText(detail, now)?.toISOString()).toBe(at);
});
