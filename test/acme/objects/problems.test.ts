import { expect, test } from 'vitest';
import {
  answerError,
  isProblem,
  parseProblem,
  type FailedAnswer,
} from '../../../src/acme/objects/problems.ts';

const now = new Date('2026-03-01T12:00:00Z');
const urn = 'urn:ietf:params:acme:error:';

function errorOf(answer: Partial<FailedAnswer>) {
  return answerError({ status: 400, headers: {}, data: '', ...answer }, 'to make the order', now);
}

test.for([
  [429, { type: `${urn}rateLimited`, detail: 'd' }, 'ca-limit'],
  [400, { type: `${urn}rateLimited`, detail: 'd' }, 'ca-limit'],
  [429, '<html>', 'ca-limit'],
  [503, '', 'ca-limit'],
  [403, { type: `${urn}unauthorized`, detail: 'd' }, 'ca-problem'],
  [500, { type: `${urn}serverInternal` }, 'ca-problem'],
  [400, { detail: 'only this' }, 'ca-problem'],
  [404, '', 'ca-answer'],
  [502, '<html>Bad gateway</html>', 'ca-answer'],
  [400, ['array'], 'ca-answer'],
  [400, null, 'ca-answer'],
  [400, { type: 7, detail: {} }, 'ca-answer'],
] as const)('%i with %j is %s', ([status, data, code]) => {
  expect(errorOf({ status, data }).code).toBe(code);
});

test('the message says what the CA said, of whom, and nothing that could move a cursor', () => {
  const subproblems = [
    { type: `${urn}caa`, detail: 'CAA\u001b[2J', identifier: { type: 'dns', value: 'a.example' } },
    'junk',
    null,
  ];
  const error = errorOf({
    status: 403,
    data: { type: `${urn}compound`, detail: 'two\nfaults', subproblems },
  });
  expect(error.message).toBe(
    'the CA refused to make the order: two\\nfaults; a.example: CAA\\x1b[2J (compound)',
  );
  expect(error.problem).toEqual({
    type: `${urn}compound`,
    detail: 'two\\nfaults',
    status: 403,
    subproblems: [
      { type: `${urn}caa`, detail: 'CAA\\x1b[2J', identifier: { type: 'dns', value: 'a.example' } },
    ],
  });
});

test('a detail of any length is cut at 2,000 characters', () => {
  const error = errorOf({ data: { type: 'x', detail: 'y'.repeat(1e6) } });
  expect(error.problem?.detail).toHaveLength(2000);
  expect(error.message.length).toBeLessThan(2100);
});

test.for([
  [
    'rateLimited',
    'd',
    '<https://letsencrypt.org/docs/rate-limits>;rel="help"',
    'https://letsencrypt.org/docs/rate-limits',
  ],
  [
    'rateLimited',
    'Please visit: https://portal.letsencrypt.org/sfe/v1/unpause?jwt=ey.a-b_c.d and',
    '',
    'open https://portal.letsencrypt.org/sfe/v1/unpause?jwt=ey.a-b_c.d to',
  ],
  ['externalAccountRequired', 'd', '', '--eab-kid'],
  ['userActionRequired', 'd', '', '--agree-tos'],
  [
    'userActionRequired',
    'd',
    '<https://ca.example/terms/2>;rel="terms-of-service"',
    'https://ca.example/terms/2',
  ],
  ['accountDoesNotExist', 'd', '', 'account register'],
  ['unauthorized', 'Account is not valid, has status "deactivated"', '', 'deactivated'],
  ['invalidProfile', 'd', '', '--profile'],
  ['rejectedIdentifier', 'd', '', 'another CA'],
  ['malformed', 'd', '<https://ca.example/why>;rel="help"', 'https://ca.example/why'],
] as const)('%s (%s) has a hint that helps', ([type, detail, link, hint]) => {
  expect(errorOf({ data: { type: urn + type, detail }, headers: { link } }).hint).toContain(hint);
});

test('a limit without help leaves it to its time to say when to try again', () => {
  const error = errorOf({ status: 503, headers: { 'retry-after': '60' } });
  expect([error.hint, error.retryAt?.toISOString()]).toEqual([undefined, '2026-03-01T12:01:00.000Z']);
});

test('a Retry-After of years ago is not printed as a time to come back', () => {
  const error = errorOf({ status: 503, headers: { 'retry-after': 'Sun, 01 Mar 2015 13:00:00 GMT' } });
  expect(error.retryAt?.toISOString()).toBe('2026-03-01T12:00:00.000Z');
});

test.for(['rateLimited', 'userActionRequired', 'unauthorized'])(
  'a pause is known by its page, also as %s: it is for now, and the hint has the link',
  (type) => {
    const url = 'https://sfe.example/sfe/v1/unpause?jwt=ey.a-b_c.d';
    const error = errorOf({ status: 403, data: { type: urn + type, detail: `Please visit: ${url}` } });
    expect(error.code).toBe('ca-limit');
    expect(error.hint).toContain(`open ${url} to go on`);
  },
);

test('names that are too long together have the hint to split the certificate', () => {
  const detail = 'Cumulative length of all identifier values was greater than 10000 bytes';
  expect(errorOf({ status: 400, data: { type: `${urn}malformed`, detail } }).hint).toContain(
    'split it into two',
  );
});

test('a limit without any time says no other than the ledger keeps to', () => {
  expect(errorOf({ status: 429 }).hint).toBe('try again in ten minutes');
});

test('a limit whose header was lost on the way tells by its sentence when to try again', () => {
  const data = {
    type: `${urn}rateLimited`,
    detail: 'too many new orders, retry after 2026-03-02 12:00:00 UTC',
  };
  expect(errorOf({ status: 429, data }).retryAt).toEqual(new Date('2026-03-02T12:00:00Z'));
});

test('a problem is known by the end of its type', () => {
  const error = errorOf({ data: { type: `${urn}orderNotReady`, detail: '' } });
  expect(isProblem(error, 'malformed', 'orderNotReady')).toBe(true);
  expect(isProblem(error, 'malformed')).toBe(false);
  expect(isProblem(new Error('orderNotReady'), 'orderNotReady')).toBe(false);
});

test('what is no problem document is none', () => {
  for (const value of [null, undefined, 'text', 4, [], {}, { status: 4 }])
    expect(parseProblem(value)).toBeNull();
});

test('a problem that wants a person to act names the page where (RFC 8555 §7.3.3)', () => {
  const data = { type: `${urn}userActionRequired`, detail: 'd', instance: 'https://ca.example/agree?x=1' };
  const { hint } = errorOf({ data });
  expect(hint).toContain('open https://ca.example/agree?x=1');
  expect(hint).not.toContain('--agree-tos');
});

test.for(['title', 'message'])('a problem that has only a %s keeps its words', (member) => {
  const data = { type: `${urn}malformed`, [member]: 'the name is on a list' };
  expect(errorOf({ status: 400, data }).message).toContain('the name is on a list (malformed)');
  // A gateway's JSON is told, and isn't taken for the CA's own word.
  expect(errorOf({ status: 502, data: { [member]: 'upstream is away' } })).toMatchObject({
    code: 'ca-answer',
    message: expect.stringContaining('HTTP 502 "upstream is away"') as unknown,
  });
  // Within a resource it is the CA's.
  expect(parseProblem({ [member]: 'no record was found' })).toMatchObject({ detail: 'no record was found' });
});
