import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { noSolverRules } from '../src/challenges/proof/solver-rules.ts';
import { accountJson, authorizationJson, holdJson, orderJson } from '../src/report/ledger-json.ts';
import { certificateJson } from '../src/report/certificate-json.ts';
import { AcmeLedgerError, errorRecord } from '../src/errors.ts';
import { authorizationRow, certificateRow, orderRow } from './issuance/rows.ts';
import { storedError } from './support/stored-error.ts';

const page = await readFile(new URL('../docs/json.md', import.meta.url), 'utf8');
const account = {
  id: 1,
  ca: 'https://ca.test/dir',
  url: null,
  status: 'valid',
  email: null,
  key_file: 'accounts/ca.test.pem',
  key_thumbprint: 'thumbprint',
  gate_checked_at: null,
  purpose: 'orders',
  created_at: new Date('2026-01-01T00:00:00.000Z'),
} as const;

it.each([
  { shape: 'ERROR', value: errorRecord(new AcmeLedgerError('usage', 'wrong', { hint: 'right' })) },
  {
    shape: 'AUTHZ',
    value: authorizationJson({ ...authorizationRow(), ca: account.ca, accountUrl: null, orderIds: [] }),
  },
  { shape: 'ORDER', value: orderJson(orderRow()) },
  { shape: 'CERTIFICATE', value: certificateJson(certificateRow(), null, undefined, noSolverRules) },
  { shape: 'ACCOUNT', value: accountJson(account) },
  {
    shape: 'HOLD',
    value: holdJson({
      id: 1,
      account_id: 1,
      scope: 'orders',
      subject: '',
      limit_name: 'new-orders-per-account',
      not_before: new Date('2026-01-01T01:00:00.000Z'),
      noted_at: new Date('2026-01-01T00:00:00.000Z'),
      error: storedError({}),
    }),
  },
])('docs/json.md names the keys of $shape in their order', ({ shape, value }) => {
  expect(keysOf(shape)).toEqual(Object.keys(value));
});

/** The outermost keys of the block below the line that begins with the name of the shape. */
function keysOf(shape: string): string[] {
  const [, block = ''] = new RegExp(`^${shape}:[^]*?\\n\`\`\`\\n([^]*?)\`\`\``, 'm').exec(page) ?? [];
  const outermost = block.replace(/:"[^"]*"/g, '').replace(/:\{[^{}]*\}/g, '');
  return [...outermost.matchAll(/"(\w+)"/g)].map(([, key = '']) => key);
}
