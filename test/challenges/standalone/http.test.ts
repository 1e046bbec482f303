import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Solver } from '../../../src/challenges/solver.ts';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { systemClock, type Clock } from '../../../src/clock.ts';
import { answerFor, instantClock, never } from '../answers.ts';
import { freePort } from '../../support/free-port.ts';
import { heldPort } from '../held-port.ts';

let port: number;
let solvers: Solver[];
beforeEach(async () => {
  port = await freePort();
  solvers = [];
});
afterEach(async () => {
  await Promise.all(solvers.map((solver) => solver.close()));
});

function newSolver(host: string | null = '127.0.0.1', clock: Clock = systemClock): Solver {
  const solver = createSolver(
    { solver: 'standalone', challenge: 'http-01', listen: { host, port } },
    { clock },
  );
  solvers.push(solver);
  return solver;
}

async function get(
  path: string,
  method = 'GET',
  host = '127.0.0.1',
): Promise<{ status: number; body: string }> {
  const sent = request({ host, port, path, method, headers: { host: 'any.example' } }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

const answer = answerFor('http-01', 'example.com');
const path = `/.well-known/acme-challenge/${answer.token}`;

test('the exact path of a token is answered with its key authorization', async () => {
  await newSolver().present(answer, never);
  expect(await get(path)).toEqual({ status: 200, body: answer.keyAuthorization });
  expect(await get(path, 'HEAD')).toEqual({ status: 200, body: '' });
});

test.each([
  ['GET', '/'],
  ['GET', '/.well-known/acme-challenge/'],
  ['GET', '/.well-known/acme-challenge/other'],
  ['GET', '/.well-known/acme-challenge/__proto__'],
  ['GET', `${path}/`],
  ['GET', `${path}?x`],
  ['GET', `/x/..${path}`],
  ['POST', path],
  ['PUT', path],
])('%s %s is not found', async (method, other) => {
  await newSolver().present(answer, never);
  expect((await get(other, method)).status).toBe(404);
});

test('without an address it listens on IPv4 and IPv6', async () => {
  await newSolver(null).present(answer, never);
  expect((await get(path)).status).toBe(200);
  expect((await get(path, 'GET', '::1')).status).toBe(200);
});

test('orders of one process share the port, and it is closed after the last answer', async () => {
  const [first, second] = [newSolver(), newSolver()];
  const other = answerFor('http-01', 'example.org', 'token-2');
  await Promise.all([first.present(answer, never), second.present(other, never)]);
  await first.cleanUp(answer, never);
  expect((await get(path)).status).toBe(404);
  expect((await get(`/.well-known/acme-challenge/${other.token}`)).body).toBe(other.keyAuthorization);
  await second.cleanUp(other, never);
  await expect(get(path)).rejects.toThrow('ECONNREFUSED');
});

test('it can be opened and closed again and again', async () => {
  const solver = newSolver();
  for (let round = 0; round < 20; round += 1) {
    await solver.present(answer, never);
    const closing = solver.cleanUp(answer, never);
    const again = newSolver().present(answer, never);
    await Promise.all([closing, again]);
    expect((await get(path)).status).toBe(200);
    await solver.cleanUp(answer, never);
  }
});

test('closing a solver releases its own answers alone', async () => {
  const [first, second] = [newSolver(), newSolver()];
  const other = answerFor('http-01', 'example.org', 'token-2');
  await first.present(answer, never);
  await second.present(other, never);
  await second.close();
  expect((await get(path)).status).toBe(200);
  await first.close();
  await expect(get(path)).rejects.toThrow('ECONNREFUSED');
});

test('closing does not wait for a connection that says nothing', async () => {
  const solver = newSolver();
  await solver.present(answer, never);
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  const ended = once(silent, 'close');
  silent.resume();
  silent.on('error', () => undefined);
  await solver.close();
  await ended;
});

test('cleaning up what another process presented is fine', async () => {
  await newSolver().cleanUp(answer, never);
});

test('a port that another program holds is an error that says what to do, after some seconds', async () => {
  const held = await heldPort();
  port = held.port;
  const clock = instantClock();
  const startedAtMs = clock.now().getTime();
  await expect(newSolver('127.0.0.1', clock).present(answer, never)).rejects.toMatchObject({
    code: 'solver',
    message: expect.stringContaining(`127.0.0.1:${String(port)}`) as string,
    hint: expect.stringContaining('--webroot') as string,
  });
  expect(clock.now().getTime() - startedAtMs).toBeGreaterThanOrEqual(5_000);
  held.server.close();
});

test('a port that is let go meanwhile is taken', async () => {
  const held = await heldPort();
  port = held.port;
  const presented = newSolver().present(answer, never);
  await delay(100);
  held.server.close();
  await presented;
  expect((await get(path)).status).toBe(200);
});

test('an abort ends the wait for the port, and nothing is opened later', async () => {
  const held = await heldPort();
  port = held.port;
  const controller = new AbortController();
  const presented = newSolver().present(answer, controller.signal);
  const reason = new Error('stop now');
  controller.abort(reason);
  await expect(presented).rejects.toBe(reason);
  held.server.close();
  await delay(400);
  await expect(get(path)).rejects.toThrow('ECONNREFUSED');
});

test('one who gives up does not take the port from another who waits for it', async () => {
  const held = await heldPort();
  port = held.port;
  const controller = new AbortController();
  const other = answerFor('http-01', 'example.org', 'token-2');
  const first = newSolver().present(answer, controller.signal);
  const second = newSolver().present(other, never);
  await delay(100);
  controller.abort(new Error('stop now'));
  await expect(first).rejects.toThrow('stop now');
  held.server.close();
  await second;
  expect((await get(path)).status).toBe(404);
});

test('an address of another machine is an error', async () => {
  await expect(newSolver('192.0.2.1').present(answer, never)).rejects.toMatchObject({
    code: 'solver',
    hint: expect.stringContaining('ADDR') as string,
  });
});

test('a token that is not base64url is refused before anything is opened', async () => {
  await expect(newSolver().present({ ...answer, token: 'a/b' }, never)).rejects.toMatchObject({
    code: 'solver',
  });
  await expect(get(path)).rejects.toThrow('ECONNREFUSED');
});
