import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { generateAccountKey } from '../../../src/acme/http/account-key.ts';
import { type Session } from '../../../src/acme/session.ts';
import { openSession } from '../../../src/acme/open-session.ts';
import { freely } from '../../support/freely.ts';
import { type Behaviour, directoryOf, type LoopbackCa, type Reply, startLoopbackCa } from '../loopback-ca.ts';

const ends: (() => unknown)[] = [];
const accountKeyPem = generateAccountKey();
const newOrder = { identifiers: [{ type: 'dns' as const, value: 'a.example' }] };

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startCa(behaviour: Behaviour): Promise<LoopbackCa> {
  const ca = await startLoopbackCa(behaviour);
  ends.push(() => ca.stop());
  return ca;
}

async function sessionAt(ca: LoopbackCa, cacheDir?: string): Promise<Session> {
  const session = await openSession({
    directoryUrl: ca.directoryUrl,
    accountKeyPem,
    accountUrl: `${ca.origin}/account/1`,
    userAgent: 'acme-ledger/test',
    cacheDir,
  });
  ends.push(() => session.close());
  return session;
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

test.for([
  ['404', { status: 404 }],
  ['405', { status: 405 }],
  ['501', { status: 501 }],
  ['an answer without a nonce', { nonce: null }],
] satisfies [string, Reply][])(
  'a newNonce that answers HEAD with %s is asked by GET, for the rest of the run at once',
  async ([, toHead]) => {
    const ca = await startCa(({ method, path: asked }, { origin }) => {
      if (asked === '/directory') return { body: directoryOf(origin) };
      if (asked === '/nonce' && method === 'HEAD') return toHead;
      const Replay = { 'Replay-Nonce': `nonce-${ca.seen.length}` };
      if (asked === '/nonce') return { status: 204, headers: Replay };
      return { ...orderAt(origin), nonce: null }; // so that the next request wants one from newNonce
    });
    const session = await sessionAt(ca);
    await session.newOrder(newOrder, freely);
    await session.newOrder(newOrder, freely);
    expect(ca.to('/nonce').map(({ method }) => method)).toEqual(['HEAD', 'GET', 'GET']);
  },
);

test.for([404, 405, 410])(
  'a URL of a cached directory that answers %i is looked up in the directory once anew, and asked',
  async (status) => {
    let prefix = '/old';
    const ca = await startCa(({ path: asked }, { origin }) => {
      const listed = directoryOf(origin);
      if (asked === '/directory')
        return {
          body: { ...listed, newNonce: `${origin}${prefix}/nonce`, newOrder: `${origin}${prefix}/order` },
        };
      if (!asked.startsWith(prefix)) return { status, nonce: null };
      return asked.endsWith('/nonce') ? {} : orderAt(origin);
    });
    const cacheDir = await mkdtemp(path.join(tmpdir(), 'acme-ledger-test-'));
    ends.push(() => rm(cacheDir, { recursive: true }));
    await (await sessionAt(ca, cacheDir)).newOrder(newOrder, freely);
    prefix = '/new';
    const session = await sessionAt(ca, cacheDir);
    await session.newOrder(newOrder, freely);
    await session.newOrder(newOrder, freely);
    expect(ca.to('/directory')).toHaveLength(2);
    expect(session.directory.newOrder).toBe(`${ca.origin}/new/order`);
    // What the CA says now of a URL of this run's own directory stands.
    prefix = '/newer';
    await expect(session.newOrder(newOrder, freely)).rejects.toThrow(String(status));
    expect(ca.to('/directory')).toHaveLength(2);
  },
);

test('a rejected nonce is tried again though the problem is of a draft of the RFC', async () => {
  const ca = await startCa(({ path: asked }, { origin }) => {
    if (asked === '/directory') return { body: directoryOf(origin) };
    if (asked === '/nonce') return {};
    if (ca.to('/order').length > 1) return orderAt(origin);
    return { status: 400, body: { type: 'urn:acme:error:badNonce', detail: 'JWS has an invalid nonce' } };
  });
  await (await sessionAt(ca)).newOrder(newOrder, freely);
  expect(ca.to('/order')).toHaveLength(2);
});

test('what the CA sends is asked for as it is, without compression', async () => {
  const ca = await startCa(({ path: asked }, { origin }) =>
    asked === '/directory' ? { body: directoryOf(origin) } : orderAt(origin),
  );
  await (await sessionAt(ca)).newOrder(newOrder, freely);
  const asked = ca.seen.map(({ headers }) => headers['accept-encoding']);
  expect(asked).toEqual(asked.map(() => 'identity'));
});

test('newAccount that answers for a known key with the URL of the account alone is enough', async () => {
  const ca = await startCa(({ path: asked }, { origin }) => {
    if (asked === '/directory') return { body: { ...directoryOf(origin), meta: {} } };
    if (asked === '/nonce') return {};
    if (asked === '/account') return { headers: { Location: `${origin}/account/7` } };
    if (asked === '/account/7') return { body: { status: 'valid', orders: `${origin}/orders` } };
    return { body: { orders: [`${origin}/order/1`] } };
  });
  const session = await sessionAt(ca);
  const account = await session.register({ agreeTos: false });
  expect(account).toMatchObject({ url: `${ca.origin}/account/7`, status: 'valid' });
  const listed: string[] = [];
  for await (const url of (await session.listOrders())!) listed.push(url);
  expect(listed).toEqual([`${ca.origin}/order/1`]);
});
