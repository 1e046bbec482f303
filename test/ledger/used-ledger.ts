import { recordRegistered } from '../../src/ledger/accounts.ts';
import { recordSeen } from '../../src/ledger/authorizations/authorizations.ts';
import { recordSubmitted, recordSubmitting } from '../../src/ledger/orders/submissions.ts';
import { recordWanted } from '../../src/ledger/certificates/certificates.ts';
import { recordDeployed, recordStored } from '../../src/ledger/certificates/stored-certificates.ts';
import { recordOrderAnswer, releaseOrder } from '../../src/ledger/orders/orders.ts';
import { insertPresentations } from '../../src/ledger/orders/presentations.ts';
import { type TestLedger, anIntent, anOrder, answerOf, newLedger, noon } from './new-ledger.ts';
import { wantedFor } from '../support/wanted-for.ts';

/** Order 1 is being worked on, order 2 has become a certificate, order 3 is an intent; all owned by `run-1`, or nobody's. */
export async function usedLedger(): Promise<TestLedger> {
  const here = await newLedger();
  await recordRegistered(here, here.account.id, { url: 'https://ca.test/acct/1', status: 'valid' });
  const { order, authorizationIds } = await anOrder(here, here.account, ['a.test', 'b.test']);
  const [first = 0, second = 0] = authorizationIds;
  await insertPresentations(
    here,
    order.id,
    [first, second].map((authorizationId) => ({
      authorizationId,
      settings: { solver: 'webroot', challenge: 'http-01', webroot: '/var/www' },
      challengeType: 'http-01',
      challengeUrl: `https://ca.test/challenge/${authorizationId}`,
      identifier: { type: 'dns', value: 'a.test' },
      token: 'token',
      keyAuthorization: 'token.key',
    })),
  );
  await recordSubmitting(here, order.id, [
    { authorizationId: second, type: 'http-01', url: 'https://ca.test/c/2' },
  ]);
  await recordSubmitted(here, [second]);
  await issued(here, 'c.test');
  await anIntent(here, here.account, ['d.test']);
  return here;
}

async function issued(here: TestLedger, name: string): Promise<void> {
  await recordWanted(here, wantedFor(here.account.ca, name), here.account.id);
  const { order } = await anOrder(here, here.account, [name]);
  await recordSeen(here, [
    {
      url: answerOf(order).authorizationUrls[0] ?? '',
      status: 'valid',
      identifier: { type: 'dns', value: name, wildcard: false },
      expiresAt: null,
    },
  ]);
  await recordOrderAnswer(
    here,
    order,
    answerOf(order, { status: 'valid', certificateUrl: 'https://ca.test/cert/1' }),
  );
  const notAfter = new Date(noon.getTime() + 90 * 86_400_000);
  const { storedAt } = await recordStored(here, name, order.id, { serial: '0a', notBefore: noon, notAfter });
  await releaseOrder(here, order.id, { status: 'valid', keptUntil: null, concluded: true });
  await recordDeployed(here, name, storedAt);
}
