import { createHmac, createPublicKey, verify } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { generateAccountKey } from '../../../src/acme/http/account-key.ts';
import { isOutcomeUnknown } from '../../../src/acme/http/connection-failure.ts';
import { isProblem } from '../../../src/acme/objects/problems.ts';
import { type Session } from '../../../src/acme/session.ts';
import { openSession, type SessionOptions } from '../../../src/acme/open-session.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { madeUpClock } from '../made-up-clock.ts';
import {
  directoryOf,
  soundBasics,
  startLoopbackCa,
  type Behaviour,
  type LoopbackCa,
  type Reply,
} from '../loopback-ca.ts';
import { freely } from '../../support/freely.ts';

const ends: (() => unknown)[] = [];
const accountKeyPem = generateAccountKey();
const newOrder = { identifiers: [{ type: 'dns' as const, value: 'a.example' }] };
const badNonce = {
  status: 400,
  body: { type: 'urn:ietf:params:acme:error:badNonce', detail: 'JWS has an invalid anti-replay nonce' },
};

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function sessionAt(
  behaviour: Behaviour,
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

function orderAt(origin: string): Reply {
  const body = {
    status: 'pending',
    identifiers: newOrder.identifiers,
    authorizations: [`${origin}/authz/1`],
    finalize: `${origin}/finalize/1`,
  };
  return { status: 201, headers: { Location: `${origin}/order/1` }, body };
}

async function errorOf(promise: Promise<unknown>): Promise<AcmeLedgerError> {
  return promise.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error as AcmeLedgerError,
  );
}

test('a rejected nonce is answered with the one that came with the rejection, signed anew', async () => {
  let rejected = 0;
  const { ca, session } = await sessionAt((_, { origin }) =>
    rejected++ < 3 ? { ...badNonce, nonce: `fresh${rejected}` } : orderAt(origin),
  );
  await session.newOrder(newOrder, freely);
  const tries = ca.to('/order');
  expect(tries.slice(1).map(({ nonce }) => nonce)).toEqual(['fresh1', 'fresh2', 'fresh3']);
  expect(new Set(tries.map(({ signature }) => signature)).size).toBe(4);
  expect(ca.to('/nonce')).toHaveLength(1);
});

test('a CA that rejects every nonce is asked eight times, then the error says badNonce', async () => {
  const { ca, session } = await sessionAt(() => badNonce);
  const error = await errorOf(session.newOrder(newOrder, freely));
  expect(isProblem(error, 'badNonce')).toBe(true);
  expect(ca.to('/order')).toHaveLength(8);
});

test('a rejection without a nonce of its own is answered with one from newNonce', async () => {
  let rejected = false;
  const { ca, session } = await sessionAt((_, { origin }) => {
    if (rejected) return orderAt(origin);
    rejected = true;
    return { ...badNonce, nonce: null };
  });
  await session.newOrder(newOrder, freely);
  expect(ca.to('/nonce')).toHaveLength(2);
});

test.for([
  ['seconds', '90', '2026-03-01T12:01:30.000Z'],
  ['an HTTP-date', 'Sun, 01 Mar 2026 14:00:00 GMT', '2026-03-01T14:00:00.000Z'],
] as const)('429 and 503 come back at once, with the time of retry given as %s', async ([, header, at]) => {
  const body = {
    type: 'urn:ietf:params:acme:error:rateLimited',
    detail: 'too many new orders',
    subproblems: [{ type: 'x', detail: 'y' }],
  };
  const { ca, session } = await sessionAt(
    ({ path }) => ({
      headers: { 'Retry-After': header },
      ...(path === '/order' ? { status: 429, body } : { status: 503, body: '<h1>Busy</h1>' }),
    }),
    { clock: madeUpClock('2026-03-01T12:00:00Z') },
  );
  const limited = await errorOf(session.newOrder(newOrder, freely));
  expect(limited).toMatchObject({
    code: 'ca-limit',
    retryAt: new Date(at),
    problem: { type: body.type, status: 429, subproblems: [{ type: 'x' }] },
  });
  const busy = await errorOf(session.getOrder(`${ca.origin}/order/1`));
  expect(busy).toMatchObject({ code: 'ca-limit', retryAt: new Date(at), problem: undefined });
  expect([...ca.to('/order'), ...ca.to('/order/1')]).toHaveLength(2);
  expect(isOutcomeUnknown(limited)).toBe(false);
  // Their answers brought nonces too.
  expect(ca.to('/nonce')).toHaveLength(1);
});

test('a fault of the server is not tried again, and leaves the outcome unknown', async () => {
  const { ca, session } = await sessionAt(() => ({
    status: 500,
    body: { type: 'urn:ietf:params:acme:error:serverInternal', detail: 'oops' },
  }));
  const error = await errorOf(session.newOrder(newOrder, freely));
  expect(error).toMatchObject({ code: 'ca-problem', problem: { status: 500 } });
  expect(isOutcomeUnknown(error)).toBe(true);
  expect(ca.to('/order')).toHaveLength(1);
});

test('a hundred requests at once need ten newNonce, and no nonce comes twice', async () => {
  const { ca, session } = await sessionAt(async (_, { origin }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return orderAt(origin);
  });
  await Promise.all(Array.from({ length: 100 }, () => session.newOrder(newOrder, freely)));
  expect(ca.to('/nonce').length).toBeLessThanOrEqual(10);
  const nonces = ca.to('/order').map(({ nonce }) => nonce);
  expect(nonces).toHaveLength(100);
  expect(new Set(nonces).size).toBe(100);
  expect(ca.connections()).toBeLessThanOrEqual(11);
});

test('a run of requests one after another needs one connection', async () => {
  const { ca, session } = await sessionAt((_, { origin }) => orderAt(origin));
  for (let n = 0; n < 5; n += 1) await session.newOrder(newOrder, freely);
  expect(ca.connections()).toBe(1);
});

test('a POST-as-GET whose connection is cut is signed and sent once more, a newOrder is not', async () => {
  let cuts = 1;
  const { ca, session } = await sessionAt((_, { origin }) =>
    cuts-- > 0 ? 'reset' : { ...orderAt(origin), status: 200 },
  );
  expect(await session.getOrder(`${ca.origin}/order/1`)).toMatchObject({ status: 'pending' });
  const [first, second] = ca.to('/order/1');
  expect(first?.nonce).not.toBe(second?.nonce);
  cuts = 5;
  const twice = await errorOf(session.getOrder(`${ca.origin}/order/1`));
  expect(twice).toMatchObject({ code: 'ca-unreachable' });
  expect(ca.to('/order/1')).toHaveLength(4);
  const error = await errorOf(session.newOrder(newOrder, freely));
  expect(isOutcomeUnknown(error)).toBe(true);
  expect(ca.to('/order')).toHaveLength(1);
});

test('requests that end without a nonce give their places back', async () => {
  let hangs = 3;
  const { session } = await sessionAt((_, { origin }) => (hangs-- > 0 ? 'hang' : orderAt(origin)), {
    maxInFlight: 1,
    answerTimeoutMs: 100,
  });
  for (let n = 0; n < 3; n += 1) await errorOf(session.newOrder(newOrder, freely));
  expect(await session.newOrder(newOrder, freely)).toMatchObject({ status: 'pending' });
});

test('a newOrder that failed at its nonce was certainly not sent', async () => {
  const ca = await startLoopbackCa(({ path }, { origin }) =>
    path === '/directory' ? { body: directoryOf(origin) } : 'reset',
  );
  ends.push(() => ca.stop());
  const session = await openSession({
    directoryUrl: ca.directoryUrl,
    accountKeyPem,
    accountUrl: `${ca.origin}/a`,
    userAgent: 'x',
  });
  const error = await errorOf(session.newOrder(newOrder, freely));
  expect(error.code).toBe('ca-unreachable');
  expect(isOutcomeUnknown(error)).toBe(false);
});

test('a request is signed with the account key over its own URL, and an external account is bound with its MAC key', async () => {
  const { ca, session } = await sessionAt((_, { origin }) => ({
    status: 201,
    headers: { Location: `${origin}/account/7` },
    body: { status: 'valid' },
  }));
  const hmacKey = Buffer.from('a secret of thirty-two bytes or so').toString('base64url');
  await session.register({
    email: 'a@b.example',
    agreeTos: true,
    externalAccountBinding: { kid: 'kid-1', hmacKey },
  });
  const [request] = ca.to('/account');
  expect(request?.header).toMatchObject({
    alg: 'ES256',
    url: `${ca.origin}/account`,
    jwk: { kty: 'EC', crv: 'P-256' },
  });
  expect(request?.headers['content-type']).toBe('application/jose+json');
  expect(request?.payload).toMatchObject({ contact: ['mailto:a@b.example'], termsOfServiceAgreed: true });
  const { externalAccountBinding: bound } = request?.payload as {
    externalAccountBinding: Record<'protected' | 'payload' | 'signature', string>;
  };
  const mac = createHmac('sha256', Buffer.from(hmacKey, 'base64url'))
    .update(`${bound.protected}.${bound.payload}`)
    .digest('base64url');
  expect(bound.signature).toBe(mac);
  expect(JSON.parse(Buffer.from(bound.payload, 'base64url').toString())).toEqual(request?.header['jwk']);
  expect(session.account).toEqual({ url: `${ca.origin}/account/7` });
});

test("the signature is the account key's, with its account URL, and a relative Location is resolved", async () => {
  const { ca, session } = await sessionAt((_, { origin }) => ({
    ...orderAt(origin),
    headers: { Location: '/order/1' },
  }));
  expect((await session.newOrder(newOrder, freely)).url).toBe(`${ca.origin}/order/1`);
  const [request] = ca.to('/order');
  expect(request?.header).toMatchObject({ kid: `${ca.origin}/account/1` });
  const key = { key: createPublicKey(accountKeyPem), dsaEncoding: 'ieee-p1363' } as const;
  const signature = Buffer.from(request?.signature ?? '', 'base64url');
  expect(verify('sha256', Buffer.from(request?.signed ?? ''), key, signature)).toBe(true);
});

test.for([
  ['an order without a Location', { status: 201, body: {} }],
  ['an order that is no object', { status: 201, headers: { Location: '/o' }, body: '[]' }],
  ['a redirect', { status: 302, headers: { Location: '/o' } }],
  ['a page of a load balancer', { status: 403, body: '<html>\u001b[31mForbidden</html>' }],
] as const)('%s is an answer that is not ACME, and leaves the outcome unknown', async ([, reply]) => {
  const { session } = await sessionAt(() => reply);
  const error = await errorOf(session.newOrder(newOrder, freely));
  expect(error.code).toBe('ca-answer');
  expect(error.message).not.toContain('\u001b');
  expect(isOutcomeUnknown(error)).toBe(true);
});

test('an interruption leaves the outcome of a sent request unknown, though others waited for their nonce', async () => {
  const { ca, session } = await sessionAt(() => 'hang', { maxInFlight: 1 });
  const stop = new AbortController();
  const sent = errorOf(session.newOrder(newOrder, { ...freely, signal: stop.signal }));
  const waiting = errorOf(session.newOrder(newOrder, { ...freely, signal: stop.signal }));
  await expect.poll(() => ca.to('/order').length).toBe(1);
  stop.abort(new AcmeLedgerError('interrupted', 'interrupted by SIGTERM'));
  const [one, other] = await Promise.all([sent, waiting]);
  expect([isOutcomeUnknown(one), isOutcomeUnknown(other)]).toEqual([true, false]);
  expect([one.code, other.code]).toEqual(['interrupted', 'interrupted']);
});
