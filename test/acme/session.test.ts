import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateAccountKey } from '../../src/acme/http/account-key.ts';
import { isProblem } from '../../src/acme/objects/problems.ts';
import { type Session } from '../../src/acme/session.ts';
import { openSession, type SessionOptions } from '../../src/acme/open-session.ts';
import type { RequestEntry } from '../../src/acme/http/transport.ts';
import { startPebble, type PebbleLab } from '../support/pebble.ts';
import { freely } from '../support/freely.ts';

let pebble: PebbleLab;
let folder: string;

beforeAll(async () => {
  pebble = await startPebble();
  folder = await mkdtemp(path.join(tmpdir(), 'acme-ledger-session-'));
}, 180_000);

afterAll(async () => {
  await pebble.stop();
  await rm(folder, { recursive: true, force: true });
});

async function open(options: Partial<SessionOptions> = {}): Promise<Session> {
  return openSession({
    directoryUrl: pebble.directoryUrl,
    accountKeyPem: generateAccountKey(),
    caPem: pebble.caPem,
    userAgent: 'acme-ledger/test',
    ...options,
  });
}

test('an account is registered once and found again by its key', async () => {
  const accountKeyPem = generateAccountKey();
  const session = await open({ accountKeyPem });
  expect(await session.findAccount()).toBeNull();
  const account = await session.register({ email: 'admin@example.com', agreeTos: true });
  expect(account).toMatchObject({ status: 'valid', ordersUrl: expect.stringContaining('http') as string });
  session.close();
  const another = await open({ accountKeyPem });
  expect(await another.findAccount()).toEqual(account);
  expect(another.account).toEqual({ url: account.url });
  another.close();
});

test('an order, its authorizations and its deactivation come back as what they are', async () => {
  const session = await open();
  await session.register({ agreeTos: true });
  const order = await session.newOrder(
    {
      identifiers: [
        { type: 'dns', value: 'acme.example.com' },
        { type: 'dns', value: '*.acme.example.com' },
      ],
    },
    freely,
  );
  expect(order).toMatchObject({ status: 'pending', certificateUrl: null, error: null });
  const authorizations = await Promise.all(
    order.authorizationUrls.map((url) => session.getAuthorization(url)),
  );
  expect(authorizations.map(({ wildcard }) => wildcard).sort()).toEqual([false, true]);
  for (const authorization of authorizations) {
    expect(authorization).toMatchObject({
      status: 'pending',
      identifier: { type: 'dns', value: 'acme.example.com' },
    });
    expect(authorization.challenges.find(({ type }) => type === 'dns-01')).toMatchObject({
      status: 'pending',
    });
    expect(await session.deactivateAuthorization(authorization.url, freely)).toMatchObject({
      status: 'deactivated',
    });
  }
  // 2.10 says invalid, 2.4 and 2.6 say deactivated: the same to us.
  expect((await session.getOrder(order.url)).status).toBe('invalid');
  session.close();
});

test('the list of orders has all its pages', async () => {
  const session = await open();
  await session.register({ agreeTos: true });
  const made: string[] = [];
  for (let n = 0; n < 7; n += 1) {
    made.push(
      (await session.newOrder({ identifiers: [{ type: 'dns', value: `n${String(n)}.example.com` }] }, freely))
        .url,
    );
  }
  const listed: string[] = [];
  for await (const url of (await session.listOrders()) ?? []) listed.push(url);
  expect(listed.sort()).toEqual(made.sort());
  session.close();
});

test('a certificate is finalized, downloaded with its alternate chains, and revoked once', async () => {
  const session = await open();
  await session.register({ agreeTos: true });
  const order = await session.newOrder(
    { identifiers: [{ type: 'dns', value: 'whole.example.com' }] },
    freely,
  );
  await expect(
    session.finalize(order.finalizeUrl!, order.url, await csr('whole.example.com'), freely),
  ).rejects.toSatisfy((error) => isProblem(error, 'orderNotReady'));
  await solve(session, order.authorizationUrls[0] ?? '');
  await session.finalize(order.finalizeUrl!, order.url, await csr('whole.example.com'), freely);
  const url = await certificateUrl(session, order.url);
  const chains = await session.downloadChains(url, { alternates: true });
  expect(chains[0]?.pem).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  expect(chains.length).toBeGreaterThan(0);
  const der = Buffer.from(new x509.X509Certificate(chains[0]?.pem ?? '').rawData);
  expect(await session.revokeCertificate(der, 4, freely)).toBe('revoked');
  expect(await session.revokeCertificate(der, 4, freely)).toBe('already-revoked');
  session.close();
}, 180_000);

test('100 requests at once on a fresh session make at most 10 newNonce, and the directory comes from the cache', async () => {
  const accountKeyPem = generateAccountKey();
  const first = await open({ accountKeyPem, cacheDir: folder });
  const { url: accountUrl } = await first.register({ agreeTos: true });
  first.close();
  const requests: RequestEntry[] = [];
  const session = await open({
    accountKeyPem,
    accountUrl,
    cacheDir: folder,
    onRequest: (entry) => requests.push(entry),
  });
  await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      session.newOrder({ identifiers: [{ type: 'dns', value: `h${String(n)}.example.com` }] }, freely),
    ),
  );
  const heads = requests.filter(({ method }) => method === 'HEAD');
  expect(heads.length).toBeLessThanOrEqual(10);
  expect(requests.some(({ method }) => method === 'GET')).toBe(false);
  session.close();
}, 180_000);

async function solve(session: Session, authorizationUrl: string): Promise<void> {
  const { challenges, identifier } = await session.getAuthorization(authorizationUrl);
  const challenge = challenges.find(({ type }) => type === 'dns-01');
  const keyAuthorization = session.keyAuthorization(challenge?.token ?? '');
  const value = createHash('sha256').update(keyAuthorization).digest('base64url');
  await pebble.challtestsrv.setTxt(`_acme-challenge.${identifier.value}.`, value);
  await session.submitChallenge(challenge?.url ?? '', freely);
  await expect
    .poll(async () => (await session.getAuthorization(authorizationUrl)).status, { timeout: 10_000 })
    .toBe('valid');
}

async function certificateUrl(session: Session, orderUrl: string): Promise<string> {
  for (;;) {
    const order = await session.getOrder(orderUrl);
    if (order.certificateUrl !== null) return order.certificateUrl;
    await delay(100);
  }
}

async function csr(name: string): Promise<Buffer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  return Buffer.from(request.rawData);
}
