import type { Step } from './answers.ts';

/** What a CA may say that means nothing, or harm. */
export const steps: readonly Step[] = [
  ...(['directory', 'newNonce', 'newAccount', 'account', 'orders'] as const),
  ...(['newOrder', 'order', 'authorization', 'deactivate', 'challenge', 'finalize', 'certificate'] as const),
  // Where the most is at stake, twice as often.
  ...(['newOrder', 'order', 'authorization', 'authorization', 'challenge', 'finalize'] as const),
];

const long = 'x'.repeat(300_000);
export const statuses = [
  200, 201, 202, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 409, 410, 413, 418, 429, 500, 502, 503,
  599,
];
const words = [
  'pending',
  'ready',
  'processing',
  'valid',
  'invalid',
  'deactivated',
  'expired',
  'revoked',
  'PENDING',
  'unknown',
  'on hold',
];
const urls = [
  ...[
    'file:///etc/passwd',
    'ftp://ca.invalid/x',
    'javascript:alert(1)',
    'http://192.0.2.1/x',
    'https://ca.invalid/x',
  ],
  ...[
    '//ca.invalid/x',
    '/',
    '',
    '../../..',
    'https://user:secret@ca.invalid/',
    `/authz/${'9'.repeat(5_000)}`,
    '/authz/999',
    '/order/1',
  ],
];
const names = [
  'victim.internal',
  '../../..',
  '$(id)',
  '*.a.test',
  'A.TEST.',
  '',
  '-',
  'a.test\u0000',
  '\u202ea.test',
  '::1',
  '127.0.0.1',
  'é',
  long,
];
const times = [
  '',
  '2015-10-21T07:28:00Z',
  '9999-12-31T23:59:59Z',
  '+010000-01-01T00:00:00Z',
  '0000-00-00T00:00:00Z',
  'soon',
  0,
];
const values: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1e21,
    '',
    'x',
    [],
    {},
    [[]],
    [null],
    [{}],
    { type: 'dns' },
    long,
    '\u001b[2J\u0007',
    '$(touch /tmp/x)',
  ],
];
export const pools: readonly (readonly unknown[])[] = [values, words, urls, names, times];
export const headerNames = [
  'Location',
  'Replay-Nonce',
  'Retry-After',
  'Link',
  'Content-Type',
  'Content-Encoding',
  'Content-Length',
  'ETag',
];
export const headerValues = [
  ...[
    '',
    '0',
    '-1',
    '3',
    '86400',
    '99999999999',
    'Wed, 21 Oct 2015 07:28:00 GMT',
    'soon',
    'bad nonce!',
    'gzip',
    'text/html',
  ],
  ...[
    '<',
    '<https://ca.invalid/x>;rel="up"',
    '</orders/1>;rel="next"',
    '<>;rel=alternate',
    'x'.repeat(6_000),
    ...urls.slice(0, 6),
  ],
];
export const bodies: readonly unknown[] = [
  ...[
    '',
    'null',
    '[]',
    '"x"',
    '{',
    '{}',
    '\u0000',
    '\ufeff{}',
    '<html><title>Bad gateway</title>',
    '<'.repeat(200_000),
  ],
  ...[
    '['.repeat(100_000),
    '[' + '[],'.repeat(200_000) + '1]',
    '{"a":'.repeat(50_000),
    long,
    '-----BEGIN CERTIFICATE-----'.repeat(5_000),
  ],
  ...[
    'rateLimited',
    'badNonce',
    'userActionRequired',
    'accountDoesNotExist',
    'unauthorized',
    'malformed',
    'serverInternal',
    'caa',
  ].map((type) => ({
    type: `urn:ietf:params:acme:error:${type}`,
    detail: `\u001b[31mno "a.test" $(id) <${type}>`,
    instance: 'javascript:x',
  })),
  { title: 'only a title' },
  { message: 'only a message' },
  {
    type: 7,
    detail: [],
    subproblems: [null, { identifier: 3 }, { detail: long, identifier: { type: 'dns', value: '../x' } }],
  },
];
