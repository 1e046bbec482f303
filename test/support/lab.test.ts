import { X509Certificate, createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, httpsRequest } from './https-request.ts';
import { thumbprint } from './jws.ts';
import { type AcmeServer, type LabAccount, registerAccount } from './lab-account.ts';
import { finalStatus, httpChallenge, obtain, prove } from './lab-issuance.ts';
import { type PebbleLab, startPebble } from './pebble.ts';
import { type AcmeProxy, startProxy } from './proxy.ts';
import { serveWebroot } from './webroot-server.ts';
import { newWorkspace } from './workspace.ts';

let pebble: PebbleLab;
let proxy: AcmeProxy;
let server: AcmeServer;
let account: LabAccount;

beforeAll(async () => {
  // Counts are compared exactly, so no nonce may be rejected.
  pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
  proxy = await startProxy({ directoryUrl: pebble.directoryUrl });
  server = { directoryUrl: proxy.directoryUrl, caPem: pebble.caPem };
  account = await registerAccount(server);
});

afterAll(async () => {
  await proxy.stop();
  await pebble.stop();
});

beforeEach(() => {
  proxy.setFault();
  proxy.resetCounts();
});

describe('Pebble', () => {
  it('hands out the root and the intermediates of what it issues', async () => {
    const root = new X509Certificate(await pebble.root());
    const intermediate = new X509Certificate(await pebble.intermediates());
    expect(intermediate.checkIssued(root)).toBe(true);
  });

  it('tells the state of an authorization also by its URL behind the proxy', async () => {
    const { authorizations } = await account.order('ask.test');
    proxy.resetCounts();
    const seen = await pebble.askAuthorization(authorizations[0]!, account.keyPem, account.url);
    expect(seen).toMatchObject({ status: 'pending', identifier: { type: 'dns', value: 'ask.test' } });
    expect(proxy.requests).toEqual([]);
  });

  it('finds the answer that lies in the shared webroot', async () => {
    const workspace = await newWorkspace();
    const webServer = await serveWebroot(workspace.webroot, pebble.httpPort);
    const { authorizations } = await account.order('webroot.test');
    expect(await prove(account, authorizations[0]!, workspace.webroot)).toBe('valid');
    expect(webServer.requests[0]).toMatch(/^webroot\.test:\d+\/\.well-known\/acme-challenge\//);
    await webServer.stop();
    await workspace.remove();
  });

  it('finds the TXT value that challtestsrv was given', async () => {
    const { authorizations } = await account.order('txt.test');
    const seen = await pebble.askAuthorization(authorizations[0]!, account.keyPem, account.url);
    const challenge = seen.challenges.find(({ type }) => type === 'dns-01')!;
    const answer = `${challenge.token!}.${thumbprint(account.key)}`;
    const value = createHash('sha256').update(answer).digest('base64url');
    await pebble.challtestsrv.setTxt('_acme-challenge.txt.test', value);
    await account.post(challenge.url, {});
    expect(await finalStatus(account, authorizations[0]!)).toBe('valid');
    expect(await pebble.challtestsrv.dnsQuestions('_acme-challenge.txt.test')).toContainEqual({
      name: '_acme-challenge.txt.test.',
      type: 16,
    });
  });
});

describe('the proxy', () => {
  it('counts requests by what they ask', async () => {
    const { url, authorizations } = await account.order('count-1.test', 'count-2.test');
    await account.post(authorizations[0]!);
    await account.post(authorizations[0]!);
    await account.post(authorizations[1]!);
    await account.post(url);
    await account.post(authorizations[0]!, { status: 'deactivated' });
    await httpsRequest(proxy.directoryUrl, { ca: pebble.caPem });
    expect(proxy.counts).toMatchObject({ newOrder: 1, authz: 2, authzPoll: 1, order: 1, deactivate: 1 });
    expect(proxy.counts.directory).toBe(1);
    expect(proxy.requests.find(({ kind }) => kind === 'newOrder')).toMatchObject({ status: 201, count: 1 });
  });

  it('keeps its own account of what is open, submitted, final and deactivated', async () => {
    const before = proxy.census.open().length;
    const { authorizations } = await account.order('open-1.test', 'open-2.test', 'open-3.test');
    expect(proxy.census.open()).toHaveLength(before + 3);
    const challenge = await httpChallenge(account, authorizations[0]!);
    await account.post(challenge.url, {});
    expect(proxy.census.open()).toHaveLength(before + 3);
    expect(proxy.census.unsubmitted().map(({ url }) => url)).not.toContain(authorizations[0]);
    expect(await finalStatus(account, authorizations[0]!)).toBe('invalid');
    await account.post(authorizations[1]!, { status: 'deactivated' });
    expect(proxy.census.open()).toHaveLength(before + 1);
    expect(proxy.census.authorizations.get(authorizations[1]!)?.status).toBe('deactivated');
    expect(proxy.census.mostOpen).toBeGreaterThanOrEqual(before + 3);
  });

  it('counts every challenge POST that the CA looked at', async () => {
    const { authorizations } = await account.order('twice.test');
    const challenge = await httpChallenge(account, authorizations[0]!);
    await account.post(challenge.url, {});
    await account.post(challenge.url, {});
    proxy.setFault(({ kind }) => (kind === 'challenge' ? { type: 'answer', status: 503 } : undefined));
    await account.post(challenge.url, {});
    expect(proxy.census.authorizations.get(authorizations[0]!)?.submissions).toBe(2);
  });

  it('follows an order to its certificate, also where answers are lost', async () => {
    const workspace = await newWorkspace();
    const webServer = await serveWebroot(workspace.webroot, pebble.httpPort);
    expect(await obtain(account, workspace.webroot, 'Www.Whole.test', 'whole.test')).toMatch(/BEGIN CERT/);
    const [order] = proxy.census.ordersFor('whole.test', 'www.whole.test');
    expect(order).toMatchObject({ account: account.url, status: 'valid', newOrders: 1, finalizations: 1 });
    expect(order).toMatchObject({ names: ['whole.test', 'www.whole.test'], downloads: 1 });
    proxy.setFault(({ kind }) => (kind === 'finalize' ? { type: 'lose-answer' } : undefined));
    await expect(obtain(account, workspace.webroot, 'paid.test')).rejects.toThrow(/hang up|ECONNRESET/);
    expect(proxy.census.ordersFor('paid.test')).toMatchObject([{ finalizations: 1, downloads: 0 }]);
    await webServer.stop();
    await workspace.remove();
  });

  it('sees the authorizations of an order whose answer it loses', async () => {
    const before = proxy.census.open().length;
    proxy.setFault(({ kind }) => (kind === 'newOrder' ? { type: 'lose-answer' } : undefined));
    await expect(account.order('lost.test')).rejects.toThrow(/hang up|ECONNRESET/);
    expect(proxy.census.open()).toHaveLength(before + 1);
  });

  it('answers instead of the CA, which then hears nothing', async () => {
    proxy.setFault(({ kind, count }) =>
      kind === 'newOrder' && count === 1
        ? {
            type: 'answer',
            status: 429,
            headers: { 'retry-after': '7' },
            body: { type: 'x' },
            withNonce: true,
          }
        : undefined,
    );
    await expect(account.order('limited.test')).rejects.toThrow(/429 {"type":"x"}/);
    expect(proxy.requests.at(-1)).not.toHaveProperty('status');
    expect((await account.order('limited.test')).authorizations).toHaveLength(1);
  });

  it('hangs up before the CA hears, and cuts and replaces bodies', async () => {
    const look = (): Promise<unknown> => httpsRequest(proxy.directoryUrl, { ca: pebble.caPem });
    proxy.setFault(() => ({ type: 'drop' }));
    await expect(look()).rejects.toThrow(/hang up|ECONNRESET/);
    expect(proxy.requests.at(-1)).not.toHaveProperty('status');
    proxy.setFault(() => ({ type: 'cut', afterBytes: 10 }));
    await expect(look()).rejects.toThrow(/aborted/);
    proxy.setFault(() => ({ type: 'replace-body', body: 'not JSON' }));
    expect(await look()).toMatchObject({ status: 200, body: 'not JSON' });
    const headers = { 'content-type': undefined, 'x-more': 'yes' };
    proxy.setFault(() => ({ type: 'change', status: 418, headers, body: (text) => `${text.length}` }));
    const changed = (await look()) as Answer;
    expect(changed).toMatchObject({ status: 418, headers: { 'x-more': 'yes', 'content-length': '3' } });
    expect(changed.headers).not.toHaveProperty('content-type');
  });

  it('delays requests and answers, and holds a request as long as its hook waits', async () => {
    const look = async (): Promise<number> => {
      const startedAt = performance.now();
      await httpsRequest(proxy.directoryUrl, { ca: pebble.caPem });
      return performance.now() - startedAt;
    };
    proxy.setLatency(60);
    expect(await look()).toBeGreaterThan(55);
    proxy.setLatency(0);
    proxy.setFault(() => ({ type: 'delay', ms: 60, what: 'answer' }));
    expect(await look()).toBeGreaterThan(55);
    proxy.setFault(() => delay(60, undefined));
    expect(await look()).toBeGreaterThan(55);
  });
});
