import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChallengeAnswer } from '../../src/challenges/solver.ts';
import { systemClock } from '../../src/clock.ts';
import type { Log } from '../../src/log-and-stops.ts';
import { type LookingRun, lookAtServed } from '../../src/preflight/before-order/look-served.ts';
import { parseServerAddress } from '../../src/system/socket-address.ts';
import { type SmallInternet, smallInternet } from './small-internet.ts';

let net: SmallInternet;
let warnings: string[];
let stop: AbortController;
beforeEach(async () => {
  net = await smallInternet();
  warnings = [];
  stop = new AbortController();
});
afterEach(() => net.stop());

const warn = (_: object, message: string): void => void warnings.push(message);
const log: Log = { debug: () => undefined, info: () => undefined, warn, error: () => undefined };

/** An http-01 answer for a name with these addresses. */
function answerFor(name: string, addresses: readonly string[]): ChallengeAnswer {
  for (const data of addresses) net.resolver.add({ type: data.includes(':') ? 'AAAA' : 'A', name, data });
  const token = `token-of-${name.replaceAll('.', '-')}`;
  return { type: 'http-01', identifier: { type: 'dns', value: name }, token, keyAuthorization: 'ours' };
}

/** The look of one run, which doesn't wait between its looks at an address. */
function newLook(
  own: readonly string[] = ['127.0.0.1', '::1'],
  longestMs = 5_000,
  sleep: LookingRun['clock']['sleep'] = () => Promise.resolve(),
): (answer: ChallengeAnswer) => Promise<void> {
  const resolver = parseServerAddress(net.resolver.address, 53);
  const view = { resolver, httpPort: net.httpPort, tlsPort: net.tlsPort };
  const limits = { isOwn: (address: string) => own.includes(address), answerTimeoutMs: 300, longestMs };
  const look = lookAtServed({ probe: { everyMs: null, view } }, limits);
  const run = {
    account: { ca: 'https://ca.example/directory' },
    clock: { sleep },
    log,
    stops: { work: stop.signal },
  };
  return (answer) => look(run, answer);
}

const says =
  (status: number, body = ''): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(body);

it.each([
  [404, ''],
  [200, 'parked here'],
])('%i and no token at an address of this machine is an error', async (status, body) => {
  await net.web('127.0.0.1', says(status, body));
  await expect(newLook()(answerFor('own.test', ['127.0.0.1']))).rejects.toMatchObject({ code: 'solver' });
  expect(warnings).toEqual([]);
});

it.each([401, 403, 407, 429, 500, 503])('%i is a warning: the CA may be let in', async (status) => {
  await net.web('127.0.0.1', says(status));
  await newLook()(answerFor('waf.test', ['127.0.0.1']));
  expect(warnings).toEqual([
    `waf.test at 127.0.0.1 answers ${String(status)} instead of the token. It is submitted all the same: the CA may see something else`,
  ]);
});

it('a redirect that no CA follows is a warning', async () => {
  await net.web(
    '127.0.0.1',
    (_, response) => void response.writeHead(302, { location: 'ftp://x.test/' }).end(),
  );
  await newLook()(answerFor('away.test', ['127.0.0.1']));
  expect(warnings).toHaveLength(1);
});

it('an address of another machine is warned of, until it has given a token of the run', async () => {
  let body = 'the page of a router';
  await net.web('127.0.0.1', (_, response) => void response.end(body));
  const look = newLook([]);
  await look(answerFor('one.test', ['127.0.0.1']));
  expect(warnings).toHaveLength(1);
  body = 'ours';
  await look(answerFor('two.test', ['127.0.0.1']));
  body = 'parked here';
  await expect(look(answerFor('three.test', ['127.0.0.1']))).rejects.toMatchObject({ code: 'solver' });
  expect(warnings).toHaveLength(1);
});

it('an address that shows every name the same page is asked no more', async () => {
  let requests = 0;
  await net.web('127.0.0.1', (_, response) => {
    requests += 1;
    response.writeHead(403).end();
  });
  const look = newLook([]);
  for (const name of ['a.test', 'b.test', 'c.test', 'd.test', 'e.test', 'f.test', 'g.test'])
    await look(answerFor(name, ['127.0.0.1']));
  expect(requests).toBe(3);
  expect(warnings).toHaveLength(3);
});

it('of IPv6 and IPv4 the CA takes IPv6 first', async () => {
  await net.web('127.0.0.1', says(404));
  await net.web('::1', says(200, 'ours'));
  await newLook()(answerFor('stale4.test', ['::1', '127.0.0.1']));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('stale4.test at 127.0.0.1 answers 404');
  await net.web('127.0.0.2', says(200, 'ours'));
  await net.web('127.0.0.3', says(404));
  // Of two addresses of one kind nobody knows which is taken.
  await newLook(['127.0.0.3'])(answerFor('one-of-two.test', ['127.0.0.2', '127.0.0.3']));
  expect(warnings).toHaveLength(2);
  await expect(newLook(['127.0.0.3'])(answerFor('three.test', ['127.0.0.3']))).rejects.toMatchObject({
    code: 'solver',
  });
});

it('a wrong IPv6 address is an error beside an IPv4 address that is right, and none where IPv6 is not known', async () => {
  await net.web('127.0.0.1', says(200, 'ours'));
  await net.web('::1', says(404));
  const stale = answerFor('stale6.test', ['::1', '127.0.0.1']);
  await expect(newLook()(stale)).rejects.toMatchObject({ code: 'solver' });
  net.resolver.mood = ({ type }) => (type === 'AAAA' ? 'SERVFAIL' : null);
  await net.web('127.0.0.2', says(404));
  await newLook(['127.0.0.2'])(answerFor('unsure.test', ['127.0.0.2']));
  expect(warnings).toHaveLength(1);
});

it('a stop while it waits ends it with the reason of the stop', async () => {
  await net.web('127.0.0.1', says(404));
  const reason = new Error('SIGTERM');
  const look = newLook(['127.0.0.1'], 5_000, async (ms, signal) => {
    stop.abort(reason);
    await systemClock.sleep(ms, signal);
  });
  await expect(look(answerFor('stopped.test', ['127.0.0.1']))).rejects.toBe(reason);
});

it('an address that is silent is waited for once a run', async () => {
  let requests = 0;
  await net.web('127.0.0.1', () => {
    requests += 1;
  });
  await net.web('127.0.0.2', says(200, 'ours'));
  const look = newLook();
  for (const name of ['a.test', 'b.test', 'c.test']) await look(answerFor(name, ['127.0.0.1', '127.0.0.2']));
  expect(requests).toBe(1);
  expect(warnings).toEqual([]);
});

it('a time that is over says nothing, and what was silent until then is known', async () => {
  let requests = 0;
  await net.web('127.0.0.1', () => {
    requests += 1;
  });
  await net.web('127.0.0.2', says(404));
  const look = newLook(['127.0.0.2'], 500, (_, signal) => systemClock.sleep(60_000, signal));
  for (const name of ['a.test', 'b.test', 'c.test', 'd.test'])
    await look(answerFor(name, ['127.0.0.1', '127.0.0.2']));
  expect(requests).toBe(1);
  expect(warnings).toEqual([]);
});

const isUnseen =
  'this machine does not see the web servers of the names: http-01 answers are submitted without a look';

it('the look at a name has a limit, and ends for the run where nothing is seen', async () => {
  let requests = 0;
  await net.web('127.0.0.1', (request, response) => {
    requests += 1;
    const step = Number(new URL(request.url ?? '', 'http://x.test').searchParams.get('step') ?? 0);
    // Each redirect comes before an answer would be late; ten of them are beyond the limit.
    setTimeout(() => response.writeHead(302, { location: `/on?step=${String(step + 1)}` }).end(), 100);
  });
  const look = newLook(['127.0.0.1'], 250);
  for (const name of ['a.test', 'b.test', 'c.test']) await look(answerFor(name, ['127.0.0.1']));
  const before = requests;
  await look(answerFor('d.test', ['127.0.0.1']));
  expect(requests).toBe(before);
  expect(warnings).toEqual([isUnseen]);
});

it('a resolver that is silent is said once, and waited for once', async () => {
  net.resolver.mood = () => 'silent';
  const look = newLook([], 200);
  await look(answerFor('a.test', ['127.0.0.1']));
  const asked = net.resolver.questions.length;
  await look(answerFor('b.test', ['127.0.0.1']));
  expect(net.resolver.questions).toHaveLength(asked);
  expect(warnings).toEqual([isUnseen]);
});
