import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openServer } from '../../src/challenges/standalone/server-socket.ts';
import { systemClock } from '../../src/clock.ts';
import type { HttpAnswer } from '../../src/ledger/orders/presentations.ts';
import { answerServer } from '../../src/serve/answer-server.ts';
import { freePort } from '../support/free-port.ts';

const token = 'token-1_A';
const answer: HttpAnswer = { identifier: 'a.test', token, key_authorization: `${token}.thumbprint` };
const late: HttpAnswer = { ...answer, token: 'late', key_authorization: 'late.thumbprint' };
const place = '/.well-known/acme-challenge/';

let port: number;
let close: () => Promise<void>;
const tally = { answered: 0, notFound: 0, onAnswered: () => undefined };

beforeEach(async () => {
  port = await freePort();
  const server = answerServer(
    {
      known: (asked) => (asked === token ? answer : undefined),
      lookFor: (asked) => Promise.resolve(asked === 'late' ? late : undefined),
    },
    tally,
  );
  const { signal } = new AbortController();
  close = await openServer(server, { host: '127.0.0.1', port }, systemClock, signal, 8);
});
afterEach(async () => {
  await close();
});

async function get(
  path: string,
  method = 'GET',
): Promise<{ status: number; text: string; length: string | null }> {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, { method });
  return {
    status: response.status,
    text: await response.text(),
    length: response.headers.get('content-length'),
  };
}

describe('the server of http-01', () => {
  it('answers what is presented, from memory or after a look', async () => {
    const content = answer.key_authorization;
    expect(await get(place + token)).toEqual({ status: 200, text: content, length: String(content.length) });
    expect(await get(place + token, 'HEAD')).toMatchObject({
      status: 200,
      text: '',
      length: String(content.length),
    });
    expect(await get(`${place}late`)).toMatchObject({ status: 200, text: 'late.thumbprint' });
  });

  it.each([
    ['GET', `${place}unknown`],
    ['GET', '/'],
    ['GET', '/healthz'],
    ['GET', place],
    ['GET', `${place}${token}/`],
    ['GET', `${place}${token}?a=b`],
    ['GET', `${place}..%2f..%2fetc%2fpasswd`],
    ['GET', `${place}${'x'.repeat(201)}`],
    ['POST', place + token],
    ['PUT', place + token],
    ['DELETE', place + token],
    ['OPTIONS', place + token],
  ])('gives nothing for %s %s', async (method, path) => {
    expect(await get(path, method)).toMatchObject({ status: 404, text: 'not found\n' });
  });

  it('keeps a connection for the next request', async () => {
    const socket = await connected();
    const request = `GET ${place}${token} HTTP/1.1\r\nhost: a.test\r\n\r\n`;
    for (let count = 0; count < 3; count += 1) {
      socket.write(request);
      expect(String((await once(socket, 'data'))[0])).toContain(answer.key_authorization);
    }
    socket.destroy();
  });

  it("bounds headers and the number of connections, and ends the connection of what it doesn't read", async () => {
    const long = await connected();
    long.write(`GET ${place}${token} HTTP/1.1\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`);
    expect(String((await once(long, 'data'))[0])).toContain('431 Request Header Fields Too Large');
    const posting = await connected();
    posting.write(`POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 1000000\r\n\r\n`);
    expect(String((await once(posting, 'data'))[0])).toMatch(/404 Not Found[^]*connection: close/i);
    posting.destroy();
    await Promise.all([long, posting].map((socket) => ended(socket)));
    const held = await Promise.all(Array.from({ length: 8 }, () => connected()));
    const ninth = await connected();
    await ended(ninth);
    for (const socket of held) socket.destroy();
  });
});

async function connected(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function ended(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
}
