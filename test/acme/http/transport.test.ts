import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { ConnectionFailure, isOutcomeUnknown } from '../../../src/acme/http/connection-failure.ts';
import {
  createTransport,
  userAgentOf,
  type RequestEntry,
  type Transport,
  type TransportOptions,
} from '../../../src/acme/http/transport.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { throwawayTls } from '../../support/throwaway-tls.ts';
import { startLoopbackCa, type Behaviour, type LoopbackCa } from '../loopback-ca.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function transportWith(options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({ userAgent: userAgentOf('1.2.3'), ...options });
  ends.push(() => transport.close());
  return transport;
}

async function ca(behaviour: Behaviour): Promise<LoopbackCa> {
  const server = await startLoopbackCa(behaviour);
  ends.push(() => server.stop());
  return server;
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function failureOf(promise: Promise<unknown>): Promise<AcmeLedgerError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AcmeLedgerError);
  return error as AcmeLedgerError;
}

test('requests one after another share one connection and name the program', async () => {
  const { origin, seen, connections } = await ca(() => ({ body: 'x' }));
  const entries: RequestEntry[] = [];
  const transport = transportWith({ onRequest: (entry) => entries.push(entry) });
  for (const method of ['GET', 'POST', 'HEAD', 'POST'] as const) {
    await transport.send({ method, url: `${origin}/a`, ...(method === 'POST' ? { body: '{}' } : {}) });
  }
  expect(connections()).toBe(1);
  expect(seen[0]?.headers).toMatchObject({
    'user-agent': `acme-ledger/1.2.3 (Node.js ${process.version}; ${process.platform})`,
    'accept-language': 'en',
  });
  expect(entries.map(({ method, status }) => `${method} ${String(status)}`)).toEqual([
    'GET 200',
    'POST 200',
    'HEAD 200',
    'POST 200',
  ]);
});

test.for([
  ['than the server says that it keeps it', { 'Keep-Alive': 'timeout=1' }, {}, 1200],
  ['than we keep one', {}, { idleTimeoutMs: 100 }, 300],
] as const)('a connection is not used for longer %s', async ([, headers, options, waitMs]) => {
  const { origin, connections } = await ca(() => ({ headers }));
  const transport = transportWith(options);
  await transport.send({ method: 'GET', url: origin });
  await delay(waitMs);
  await transport.send({ method: 'GET', url: origin });
  expect(connections()).toBe(2);
});

test('a connection that is not made in time is given up, and nothing was sent', async () => {
  // Takes the TCP connection and never speaks TLS.
  const port = await listening(createServer((socket) => ends.push(() => socket.destroy())));
  const startedAt = Date.now();
  const error = await failureOf(
    transportWith({ connectTimeoutMs: 150 }).send({
      method: 'POST',
      url: `https://127.0.0.1:${port}/`,
      body: '{}',
    }),
  );
  expect(error).toMatchObject({ code: 'ca-unreachable', cause: { kind: 'timeout', sent: false } });
  expect(Date.now() - startedAt).toBeLessThan(20_000);
  expect(isOutcomeUnknown(error)).toBe(false);
});

test.for(['before its head', 'in the middle of its body'])(
  'an answer that stops %s is given up, its outcome unknown',
  async (when) => {
    const port = await listening(
      createServer((socket) => {
        socket.on('error', () => socket.destroy());
        socket.on('data', () => {
          if (when !== 'before its head') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
        });
        ends.push(() => socket.destroy());
      }),
    );
    const error = await failureOf(
      transportWith({ answerTimeoutMs: 150 }).send({
        method: 'POST',
        url: `http://127.0.0.1:${port}/`,
        body: '{}',
      }),
    );
    expect(error).toMatchObject({ code: 'ca-unreachable', cause: { kind: 'timeout', sent: true } });
    expect(error.message).toContain('unknown');
    expect(isOutcomeUnknown(error)).toBe(true);
  },
);

test('a refused connection says so, and nothing was sent', async () => {
  const server = createServer();
  const port = await listening(server);
  server.close();
  const error = await failureOf(
    transportWith().send({ method: 'POST', url: `http://127.0.0.1:${port}/`, body: '{}' }),
  );
  expect(error).toMatchObject({ code: 'ca-unreachable', cause: { kind: 'unreachable', sent: false } });
  expect(isOutcomeUnknown(error)).toBe(false);
});

test('an aborted request ends with the reason of its signal', async () => {
  const { origin } = await ca(() => 'hang');
  const reason = new AcmeLedgerError('interrupted', 'stopped');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  const sent = transportWith().send({ method: 'POST', url: origin, body: '{}', signal: controller.signal });
  await expect(sent).rejects.toBe(reason);
});

test('a POST whose kept-alive connection is closed under it is not sent again; a GET is, once', async () => {
  let resets = 0;
  const { origin, seen } = await ca(({ path }) => {
    if (path === '/warm') return {};
    if (path === '/twice' || resets === 0) {
      resets += 1;
      return 'reset';
    }
    return { body: 'second' };
  });
  const transport = transportWith();
  await transport.send({ method: 'GET', url: `${origin}/warm` });
  const error = await failureOf(transport.send({ method: 'POST', url: `${origin}/post`, body: '{}' }));
  expect(error.cause).toBeInstanceOf(ConnectionFailure);
  expect(error).toMatchObject({ code: 'ca-unreachable', cause: { kind: 'reset', sent: true } });
  expect(isOutcomeUnknown(error)).toBe(true);
  expect(seen.filter(({ path }) => path === '/post')).toHaveLength(1);
  resets = 0;
  expect((await transport.send({ method: 'GET', url: `${origin}/get` })).body.toString()).toBe('second');
  await failureOf(transport.send({ method: 'GET', url: `${origin}/twice` }));
  expect(seen.filter(({ path }) => path === '/twice')).toHaveLength(2);
});

test('an answer without end is cut off', async () => {
  const { origin } = await ca(() => ({ body: 'x'.repeat(5 * 1024 * 1024) }));
  expect(await failureOf(transportWith().send({ method: 'GET', url: origin }))).toMatchObject({
    code: 'ca-answer',
  });
});

test('GET follows three redirects and no more, never to a URL that is not https; POST follows none', async () => {
  const { origin } = await ca(({ path }) => {
    if (path === '/out') return { status: 302, headers: { Location: 'http://ca.example/' } };
    const left = Number(path.slice(1));
    return left === 0 ? { body: 'here' } : { status: 301, headers: { Location: `/${left - 1}` } };
  });
  const transport = transportWith();
  expect((await transport.send({ method: 'GET', url: `${origin}/3` })).body.toString()).toBe('here');
  expect(await failureOf(transport.send({ method: 'GET', url: `${origin}/4` }))).toMatchObject({
    code: 'ca-answer',
  });
  expect(await failureOf(transport.send({ method: 'GET', url: `${origin}/out` }))).toMatchObject({
    code: 'ca-answer',
  });
  expect(await transport.send({ method: 'POST', url: `${origin}/1`, body: '{}' })).toMatchObject({
    status: 301,
  });
});

test('a root of its own makes a CA trusted; without it the error says how to name it', async () => {
  const { caPem, certificatePem, privateKeyPem } = await throwawayTls();
  const server = createTlsServer({ cert: certificatePem, key: privateKeyPem }, (_, response) =>
    response.end('trusted'),
  );
  const url = `https://127.0.0.1:${await listening(server)}/`;
  const error = await failureOf(transportWith().send({ method: 'POST', url, body: '{}' }));
  expect(error).toMatchObject({ code: 'ca-unreachable', cause: { kind: 'untrusted', sent: false } });
  expect(error.hint).toContain('--ca-file');
  expect((await transportWith({ caPem }).send({ method: 'GET', url })).body.toString()).toBe('trusted');
});

test('a CA file without a certificate is a bad file', async () => {
  const sent = transportWith({ caPem: 'nothing' }).send({ method: 'GET', url: 'https://127.0.0.1:1/' });
  expect(await failureOf(sent)).toMatchObject({ code: 'bad-file' });
});
