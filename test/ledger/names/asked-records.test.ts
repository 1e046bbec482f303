import { expect, it } from 'vitest';
import { insertAccount } from '../../../src/ledger/accounts.ts';
import { recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { lastAskedAbout } from '../../../src/ledger/names/asked-records.ts';
import { recordSubmitting } from '../../../src/ledger/orders/submissions.ts';
import { anOrder, answerOf, newLedger, noon } from '../new-ledger.ts';

const later = (seconds: number): Date => new Date(noon.getTime() + seconds * 1000);

/** A name whose challenge was submitted at noon; what the CA showed then, so many seconds later. */
async function askedAtNoon(...seenAfterSeconds: number[]) {
  const made = await newLedger();
  const { order, authorizationIds } = await anOrder(made, made.account, ['example.com']);
  const [authorizationId = 0] = authorizationIds;
  const [url = ''] = answerOf(order).authorizationUrls;
  const identifier = { type: 'dns', value: 'example.com', wildcard: false };
  const see = (status: 'pending' | 'valid'): Promise<unknown> =>
    recordSeen(made, [{ url, status, identifier, expiresAt: null }]);
  await see('pending');
  await recordSubmitting(made, order.id, [
    { authorizationId, type: 'dns-01', url: 'https://ca.test/challenge/1' },
  ]);
  for (const seconds of seenAfterSeconds) {
    made.clock.set(later(seconds));
    await see('valid');
  }
  const asked = (accountId = made.account.id, exceptId = 0): Promise<Date | null> =>
    lastAskedAbout(made.ledger, { accountId, identifier: 'example.com', exceptId });
  return { made, asked, authorizationId };
}

it.each([
  ['at the verdict', [20], 20],
  ['at the submission, while the CA has shown nothing since', [], 0],
  ['a minute after the submission at the latest, though it is looked at days later', [20, 300_000], 60],
])('the CA last asked %s', async (_title, seen, seconds) => {
  const { asked } = await askedAtNoon(...seen);
  expect(await asked()).toEqual(later(seconds));
});

it('what another account asked for, or the authorization itself, does not count', async () => {
  const { made, asked, authorizationId } = await askedAtNoon(20);
  const other = await insertAccount(made, {
    ca: 'https://other.test/dir',
    keyFile: 'accounts/other.test.pem',
    keyThumbprint: 'another thumbprint',
    email: null,
  });
  expect(await asked(other.id)).toBeNull();
  expect(await asked(made.account.id, authorizationId)).toBeNull();
});
