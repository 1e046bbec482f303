import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { isOutcomeUnknown } from '../../../src/acme/http/connection-failure.ts';
import type { Resolve } from '../../../src/acme/http/reachable-hosts.ts';
import { createTransport, type Transport } from '../../../src/acme/http/transport.ts';
import type { AcmeLedgerError } from '../../../src/errors.ts';
import { throwawayTls } from '../../support/throwaway-tls.ts';
import { type LoopbackCa, startLoopbackCa } from '../loopback-ca.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The answers of the resolver, one after the other, the last one for good. */
function resolving(hosts: Record<string, string[][]>): Resolve {
  const left = structuredClone(hosts);
  return (host) => {
    const answers = left[host] ?? [];
    const addresses = answers.length > 1 ? answers.shift() : answers[0];
    return Promise.resolve(
      (addresses ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

function transportOf(
  directoryUrl: string,
  hosts: Record<string, string[][]>,
  told: string[] = [],
): Transport {
  const transport = createTransport({
    userAgent: 'test',
    directoryUrl,
    resolve: resolving(hosts),
    onOtherHost: (host) => told.push(host),
    connectTimeoutMs: 300,
  });
  ends.push(() => transport.close());
  return transport;
}

const post = (transport: Transport, url: string) =>
  transport.send({ method: 'POST', url, body: '{}' }).then(
    () => 'answered' as const,
    (error: unknown) => error as AcmeLedgerError,
  );

async function loopback(): Promise<LoopbackCa> {
  const server = await startLoopbackCa(() => ({ body: 'here' }));
  ends.push(() => server.stop());
  return server;
}

const publicAddress = '203.0.113.1'; // RFC 5737: nobody's

test.for([
  'https://10.0.0.1/x',
  'https://192.168.1.1/x',
  'https://172.16.0.1/x',
  'https://169.254.169.254/latest/meta-data',
  'https://100.64.0.1/x',
  'https://127.0.0.1/x',
  'https://0.0.0.0/x',
  'https://[::1]/x',
  'https://[fd00::1]/x',
  'https://[fe80::1]/x',
  'https://[::ffff:10.0.0.1]/x',
  'https://[64:ff9b::a00:1]/x',
  'https://2130706433/x', // 127.0.0.1 as the URL parser reads it
])('a public CA is not asked at %s', async (url) => {
  const transport = transportOf('https://ca.test/directory', { 'ca.test': [[publicAddress]] });
  const error = await post(transport, url);
  expect(error).toMatchObject({
    code: 'ca-answer',
    message: expect.stringContaining('a private address') as unknown,
  });
  expect(isOutcomeUnknown(error)).toBe(false);
});

test('a name that leads to a private address is judged by the address that is connected to', async () => {
  const server = await loopback();
  const { port } = new URL(server.origin);
  // The second look-up of the directory's own host leads elsewhere, too.
  const hosts = { 'ca.test': [[publicAddress], ['127.0.0.1']], 'evil.test': [['127.0.0.1', '::1']] };
  const transport = transportOf('https://ca.test/directory', hosts);
  expect(await post(transport, `https://evil.test:${port}/x`)).toMatchObject({ code: 'ca-answer' });
  expect(await post(transport, `https://ca.test:${port}/x`)).toMatchObject({ code: 'ca-answer' });
  expect(server.connections()).toBe(0);
});

test('a CA with a private address of its own may have others', async () => {
  const server = await loopback();
  const told: string[] = [];
  const hosts = { 'ca.test': [['10.1.2.3']], 'other.test': [['127.0.0.1']] };
  const transport = transportOf('https://ca.test/directory', hosts, told);
  const url = `https://other.test:${new URL(server.origin).port}/x`;
  expect(await post(transport, url)).toMatchObject({ code: 'ca-unreachable' });
  expect(server.connections()).toBe(1); // it speaks no TLS
  await post(transport, url);
  expect(told).toEqual([new URL(url).host]);
});

test('plain http on loopback is for a directory that is there itself', async () => {
  const server = await loopback();
  const own = transportOf(server.directoryUrl, {});
  expect(await post(own, `${server.origin}/x`)).toBe('answered');
  const secure = transportOf('https://127.0.0.1:1/directory', {});
  const error = await post(secure, `${server.origin}/x`);
  expect(error).toMatchObject({
    code: 'ca-answer',
    message: `the CA sends to plain http (${server.origin}/x), though its directory isn't`,
  });
  expect(server.seen).toHaveLength(1);
});

test('a redirect leads no further than any other URL of the CA', async () => {
  const inner = await loopback();
  const { caPem, certificatePem, privateKeyPem } = await throwawayTls();
  const outer = createServer({ cert: certificatePem, key: privateKeyPem }, (_, response) =>
    response.writeHead(302, { Location: `${inner.origin}/x` }).end(),
  );
  await once(outer.listen(0, '127.0.0.1'), 'listening');
  ends.push(() => outer.close());
  const directoryUrl = `https://127.0.0.1:${(outer.address() as AddressInfo).port}/directory`;
  const transport = createTransport({ userAgent: 'test', directoryUrl, caPem });
  ends.push(() => transport.close());
  const answer = transport.send({ method: 'GET', url: directoryUrl });
  await expect(answer).rejects.toThrow('plain http');
  expect(inner.connections()).toBe(0);
});
