import { expect, test } from 'vitest';
import { fetchRenewalInfo, parseRenewalInfo } from '../../src/acme/renewal-info.ts';
import { createTransport } from '../../src/acme/http/transport.ts';
import { type Reply, startLoopbackCa } from './loopback-ca.ts';

const now = new Date('2026-05-01T12:00:00.000Z');
const start = '2026-06-01T00:00:00Z';
const end = '2026-06-03T00:00:00Z';

function parsed(data: unknown, retryAfter?: string) {
  return parseRenewalInfo(data, retryAfter, now);
}

test('the window is read in any zone, with Retry-After in both of its forms', () => {
  const data = { suggestedWindow: { start: '2026-06-01T02:00:00.5+02:00', end: '2026-06-03t00:00:00z' } };
  expect(parsed(data, '21600')).toEqual({
    start: new Date('2026-06-01T00:00:00.500Z'),
    end: new Date(end),
    explanationUrl: null,
    retryAt: new Date('2026-05-01T18:00:00.000Z'),
  });
  expect(parsed(data, 'Sat, 02 May 2026 12:00:00 GMT').retryAt).toEqual(new Date('2026-05-02T12:00:00.000Z'));
  expect(parsed(data).retryAt).toBeNull();
  expect(parsed(data, 'soon').retryAt).toBeNull();
});

test.for<[string, unknown]>([
  ['no object', [start, end]],
  ['no window', { explanationURL: 'https://ca.example/why' }],
  ['no end', { suggestedWindow: { start } }],
  ['an end that is not after the start', { suggestedWindow: { start, end: start } }],
  ['a start after the end', { suggestedWindow: { start: end, end: start } }],
  ['a day without a time', { suggestedWindow: { start: '2026-06-01', end } }],
  ['a time without a zone', { suggestedWindow: { start: '2026-06-01T00:00:00', end } }],
  ['no such day', { suggestedWindow: { start: '2026-13-01T00:00:00Z', end } }],
  ['seconds since 1970', { suggestedWindow: { start: 1780272000, end: 1780444800 } }],
])('an answer with %s is refused', ([, data]) => {
  expect(() => parsed(data)).toThrow(expect.objectContaining({ code: 'ca-answer' }));
});

test.for<[unknown, string | null]>([
  ['https://ca.example/why?id=1', 'https://ca.example/why?id=1'],
  ['http://ca.example/', 'http://ca.example/'],
  ['javascript:alert(1)', null],
  ['see our page', null],
  [7, null],
  [`https://ca.example/${'x'.repeat(2_000)}`, null],
  ['https://ca.example/\u001b[31m', 'https://ca.example/%1B[31m'],
])('an explanationURL %j becomes %j, and the window counts all the same', ([explanationURL, expected]) => {
  const info = parsed({ suggestedWindow: { start, end }, explanationURL });
  expect(info).toMatchObject({ start: new Date(start), explanationUrl: expected });
});

test('one GET without a nonce and without an account asks for it; what the CA refuses is an error', async () => {
  const replies: Reply[] = [
    { body: { suggestedWindow: { start, end } }, headers: { 'Retry-After': '60' } },
    { status: 404, body: { type: 'urn:ietf:params:acme:error:malformed', detail: 'no such certificate' } },
    { status: 503, headers: { 'Retry-After': '120' } },
  ];
  const ca = await startLoopbackCa(() => replies.shift() ?? 'reset');
  const transport = createTransport({ userAgent: 'test' });
  const ask = () =>
    fetchRenewalInfo(`${ca.origin}/renewal-info/`, 'aki.serial', transport, { now: () => now });
  try {
    expect(await ask()).toMatchObject({
      start: new Date(start),
      retryAt: new Date('2026-05-01T12:01:00.000Z'),
    });
    await expect(ask()).rejects.toMatchObject({ code: 'ca-problem', httpStatus: 404 });
    await expect(ask()).rejects.toMatchObject({
      code: 'ca-limit',
      retryAt: new Date('2026-05-01T12:02:00.000Z'),
    });
    expect(ca.seen.map(({ method, path, nonce }) => [method, path, nonce])).toEqual(
      Array.from({ length: 3 }, () => ['GET', '/renewal-info/aki.serial', undefined]),
    );
  } finally {
    transport.close();
    await ca.stop();
  }
});
