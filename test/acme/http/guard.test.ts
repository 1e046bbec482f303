import http from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { generateAccountKey } from '../../../src/acme/http/account-key.ts';
import { isOutcomeUnknown } from '../../../src/acme/http/connection-failure.ts';
import { exchange } from '../../../src/acme/http/exchange.ts';
import { type Session } from '../../../src/acme/session.ts';
import { openSession, type SessionOptions } from '../../../src/acme/open-session.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { type Behaviour, type LoopbackCa, soundBasics, startLoopbackCa } from '../loopback-ca.ts';

const ends: (() => unknown)[] = [];
const accountKeyPem = generateAccountKey();
const order = { identifiers: [{ type: 'dns' as const, value: 'a.example' }] };

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function sessionAt(
  behaviour: Behaviour = (_, { origin }) => orderAt(origin),
  options: Partial<SessionOptions> = {},
): Promise<{ ca: LoopbackCa; session: Session }> {
  const ca = await startLoopbackCa((request, self) => soundBasics(request, self) ?? behaviour(request, self));
  ends.push(() => ca.stop());
  const session = await openSession({
    directoryUrl: ca.directoryUrl,
    accountKeyPem,
    accountUrl: `${ca.origin}/account/1`,
    userAgent: 'acme-ledger/test',
    ...options,
  });
  ends.push(() => session.close());
  return { ca, session };
}

function orderAt(origin: string) {
  const body = {
    status: 'pending',
    identifiers: order.identifiers,
    authorizations: [`${origin}/authz/1`],
    finalize: `${origin}/finalize/1`,
  };
  return { status: 201, headers: { Location: `${origin}/order/1` }, body };
}

/** Lets everything out, and notes how many orders the CA had been asked for by then. */
function noting(ca: LoopbackCa, notes: string[]) {
  return {
    assertAllowed: async () => void notes.push(`guard after ${String(ca.to('/order').length)} orders`),
  };
}

test('is asked right before the bytes of each sending: after its turn and the nonce, and anew after a badNonce', async () => {
  const notes: string[] = [];
  const badNonce = { type: 'urn:ietf:params:acme:error:badNonce', detail: 'no' };
  let rejected = 0;
  const { ca, session } = await sessionAt(
    (_, { origin }) => (rejected++ < 2 ? { status: 400, body: badNonce } : orderAt(origin)),
    { takeTurn: async () => void notes.push('turn') },
  );
  notes.length = 0;
  await session.newOrder(order, noting(ca, notes));
  expect(notes).toEqual([
    'turn', // of newNonce
    ...['turn', 'guard after 0 orders'],
    ...['turn', 'guard after 1 orders'],
    ...['turn', 'guard after 2 orders'],
  ]);
});

test.for([
  ['an error of the program', new AcmeLedgerError('busy', 'another run took it over')],
  ['any other', new Error('somebody works on it')],
] as const)('what it throws comes back, %s, and then nothing was sent', async ([, reason]) => {
  const { ca, session } = await sessionAt();
  const refused = session.newOrder(order, { assertAllowed: () => Promise.reject(reason) });
  expect(await refused.catch((error: unknown) => error)).toBe(reason);
  expect(isOutcomeUnknown(reason)).toBe(false);
  expect(ca.to('/order')).toEqual([]);
  // Its nonce serves the next request.
  await session.newOrder(order, noting(ca, []));
  expect(ca.to('/order')).toHaveLength(1);
  expect(ca.to('/nonce')).toHaveLength(1);
});

test('an interruption that it throws says nothing of requests that were sent and end with the same', async () => {
  const { ca, session } = await sessionAt((request, { origin }) =>
    request.path === '/authz/1' ? 'hang' : orderAt(origin),
  );
  const stop = new AbortController();
  const sent = session.deactivateAuthorization(`${ca.origin}/authz/1`, {
    assertAllowed: () => Promise.resolve(),
    signal: stop.signal,
  });
  await expect.poll(() => ca.to('/authz/1').length).toBe(1);
  stop.abort(new AcmeLedgerError('interrupted', 'interrupted by SIGTERM'));
  const guard = { assertAllowed: () => Promise.reject(stop.signal.reason as Error) };
  const [one, other] = await Promise.all(
    [sent, session.newOrder(order, guard)].map((each) => each.catch((error: unknown) => error)),
  );
  expect([isOutcomeUnknown(one), isOutcomeUnknown(other)]).toEqual([true, false]);
  expect(ca.to('/order')).toEqual([]);
});

test('one that is always too slow is asked ten times, then nothing is sent', async () => {
  const { ca } = await sessionAt();
  const agent = new http.Agent();
  ends.push(() => agent.destroy());
  let asked = 0;
  const assertAllowed = async (): Promise<void> => {
    asked += 1;
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const limits = { connectTimeoutMs: 10_000, answerTimeoutMs: 10_000, leaveLastsMs: 0 };
  const sent = exchange({ method: 'POST', url: `${ca.origin}/order`, assertAllowed }, agent, limits);
  const error: unknown = await sent.catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'ledger-busy',
    message: expect.stringContaining('10 times') as unknown,
  });
  expect(isOutcomeUnknown(error)).toBe(false);
  expect(asked).toBe(10);
  expect(ca.to('/order')).toEqual([]);
});

test('a connection that is closed while it decides is made anew, and it is asked again', async () => {
  const { ca, session } = await sessionAt();
  await session.newOrder(order, noting(ca, []));
  let asked = 0;
  const { url } = await session.newOrder(order, {
    async assertAllowed() {
      asked += 1;
      if (asked > 1) return;
      ca.closeConnections();
      await expect.poll(() => ca.openConnections()).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  });
  expect(url).toBe(`${ca.origin}/order/1`);
  expect(asked).toBe(2);
  expect(ca.to('/order')).toHaveLength(2);
});
