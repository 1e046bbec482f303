import { expect, it } from 'vitest';
import type { Session } from '../../../src/acme/session.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { accountAtCa } from '../../../src/run/accounts/found-account.ts';

it('of an account that was deactivated it is said that nothing can be done, not to make a new one', async () => {
  const problem = {
    type: 'urn:ietf:params:acme:error:unauthorized',
    detail: 'it is deactivated',
    status: 403,
  };
  const refusal = new AcmeLedgerError('ca-problem', 'refused', {
    hint: 'acme-ledger account register makes a new one',
    httpStatus: 403,
    problem: { ...problem, subproblems: [] },
  });
  const session = { findAccount: () => Promise.reject(refusal) } as unknown as Session;
  await expect(accountAtCa(session, new AbortController().signal)).rejects.toMatchObject({
    code: 'ca-problem',
    message: 'refused',
    hint: expect.stringContaining('nothing can be done') as string,
  });
});
