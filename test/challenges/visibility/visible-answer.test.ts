import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dnsRecordValue } from '../../../src/challenges/answer-values.ts';
import { assertAnswered, type ProbeView } from '../../../src/challenges/visibility/visible-answer.ts';
import { fetchAnswer } from '../../../src/challenges/visibility/visible-http.ts';
import type { SolverSettings } from '../../../src/challenges/settings.ts';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { systemClock } from '../../../src/clock.ts';
import { answerFor, instantClock, never } from '../answers.ts';
import { freePort } from '../../support/free-port.ts';
import { throwawayTls } from '../../support/throwaway-tls.ts';
import { DnsServer } from '../dns-server.ts';

const webroot: SolverSettings = { solver: 'webroot', challenge: 'http-01', webroot: '/nowhere' };

let dns: DnsServer;
let view: ProbeView;
let closing: (() => Promise<unknown>)[];

beforeEach(async () => {
  dns = await DnsServer.start();
  dns.add('A', 'well.test', '127.0.0.1');
  view = { resolver: dns.address, httpPort: await freePort(), tlsPort: await freePort() };
  closing = [() => dns.stop()];
});

afterEach(async () => {
  await Promise.all(closing.map((close) => close()));
});

async function serve(listener: RequestListener, port = view.httpPort, host = '127.0.0.1'): Promise<Server> {
  const server = createServer(listener).listen(port, host);
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return server;
}

const looked = (name: string, signal = never): Promise<void> =>
  assertAnswered(answerFor('http-01', name), webroot, view, systemClock, signal);

describe('a probe of http-01', () => {
  it('asks the name itself, by its own name, for the token, and takes blanks behind the answer', async () => {
    const asked: string[] = [];
    await serve((request, response) => {
      asked.push(`${request.headers.host ?? ''}${request.url ?? ''}`);
      response.end(`${answerFor('http-01', 'well.test').keyAuthorization}\r\n`);
    });
    await looked('well.test');
    expect(asked).toEqual([`well.test:${String(view.httpPort)}/.well-known/acme-challenge/token-1_A`]);
  });

  it.each<[string, RequestListener, string]>([
    ['another answer', (_request, response) => response.end('<html>parked'), 'answers "<html>parked"'],
    ['404', (_request, response) => response.writeHead(404).end(), 'answers 404'],
    ['nothing', (_request, response) => response.destroy(), 'socket hang up'],
    [
      'a redirect to itself',
      (request, response) => response.writeHead(302, { location: request.url }).end(),
      'more than 10 times',
    ],
  ])('fails with a server that gives %s', async (_what, listener, message) => {
    await serve(listener);
    await expect(looked('well.test')).rejects.toMatchObject({
      code: 'solver',
      message: expect.stringContaining(message) as string,
    });
  });

  it('fails where there is no such name, and where nobody listens', async () => {
    await expect(looked('none.test')).rejects.toThrow('it has no address');
    await expect(looked('well.test')).rejects.toThrow('ECONNREFUSED');
  });

  it('follows a redirect to another path of the name, and none to another host or port', async () => {
    const elsewhere = await serve((_request, response) => response.end(), 0);
    let strangers = 0;
    elsewhere.on('connection', () => (strangers += 1));
    const { port } = elsewhere.address() as AddressInfo;
    const { keyAuthorization } = answerFor('http-01', 'well.test');
    let location = '/moved';
    await serve((request, response) => {
      if (request.url === '/moved') response.end(keyAuthorization);
      else response.writeHead(301, { location }).end();
    });
    await looked('well.test');
    for (location of [
      `http://127.0.0.1:${String(port)}/`,
      `http://well.test:${String(port)}/`,
      'http://169.254.169.254/',
      'ftp://well.test/',
    ]) {
      await expect(looked('well.test')).rejects.toThrow('it redirects to');
    }
    expect(strangers).toBe(0);
  });

  it('lets no redirect lead from one address of the name to another', async () => {
    const inner: unknown[] = [];
    await serve((request, response) => {
      inner.push(request.url);
      response.end('secret');
    });
    await serve(
      (request, response) =>
        request.url === '/inner' ? response.destroy() : response.writeHead(302, { location: '/inner' }).end(),
      view.httpPort,
      '127.0.0.2',
    );
    const fetched = fetchAnswer(answerFor('http-01', 'well.test'), ['127.0.0.2', '127.0.0.1'], view, never);
    await expect(fetched).rejects.toThrow('socket hang up');
    expect(inner).toEqual([]);
  });

  it('follows a redirect to HTTPS without asking for a certificate that anybody trusts', async () => {
    const { certificatePem, privateKeyPem } = await throwawayTls();
    const names: unknown[] = [];
    const server = createTlsServer({ cert: certificatePem, key: privateKeyPem }, (_request, response) => {
      response.end(answerFor('http-01', 'well.test').keyAuthorization);
    }).listen(view.tlsPort, '127.0.0.1');
    server.on('secureConnection', (socket) => names.push(socket.servername));
    await once(server, 'listening');
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    await serve((request, response) =>
      response.writeHead(308, { location: `https://well.test${request.url ?? ''}` }).end(),
    );
    await looked('well.test');
    expect(names).toEqual(['well.test']);
  });

  it.each<[string, RequestListener]>([
    ['gives nothing', () => undefined],
    ['stops in the middle', (_request, response) => response.write('tok')],
  ])(
    'ends in time with a server that %s, whatever is collected as garbage',
    async (_what, listener) => {
      setFlagsFromString('--expose-gc');
      const collect = setInterval(runInNewContext('gc') as () => void, 100);
      await serve(listener);
      const reach = { ...view, requestTimeoutMs: 400 };
      try {
        await expect(
          fetchAnswer(answerFor('http-01', 'well.test'), ['127.0.0.1'], reach, never),
        ).rejects.toThrow(/in time|aborted/);
      } finally {
        clearInterval(collect);
      }
    },
    20_000,
  );

  it('ends soon after it is stopped', async () => {
    await serve(() => undefined);
    const stop = new AbortController();
    const probe = looked('well.test', stop.signal);
    setTimeout(() => {
      stop.abort(new Error('stopped'));
    }, 50);
    await expect(probe).rejects.toThrow('stopped');
  });
});

describe('a probe of tls-alpn-01', () => {
  it('sees the answer that is up for the name, and no other', async () => {
    const settings: SolverSettings = {
      solver: 'standalone',
      challenge: 'tls-alpn-01',
      listen: { host: '127.0.0.1', port: view.tlsPort },
    };
    const solver = createSolver(settings, { clock: systemClock });
    closing.push(() => solver.close());
    const answer = answerFor('tls-alpn-01', 'well.test');
    const probe = (token?: string): Promise<void> =>
      assertAnswered(answerFor('tls-alpn-01', 'well.test', token), settings, view, systemClock, never);
    await expect(probe()).rejects.toThrow('ECONNREFUSED');
    await solver.present(answer, never);
    await probe();
    await expect(probe('other')).rejects.toThrow('its certificate answers something else');
  });
});

describe('a probe of dns-01', () => {
  const settings: SolverSettings = {
    solver: 'exec',
    challenge: 'dns-01',
    hook: 'true',
    hookDirectory: '/',
    hookStyle: 'lego',
    hookTimeoutSeconds: 10,
    hookConcurrency: 1,
    propagationTimeoutSeconds: 0,
    resolver: null,
    dnsRounds: 3,
    dnsQuorum: 'all',
  };
  const probe = (): Promise<void> =>
    assertAnswered(answerFor('dns-01', 'well.test'), settings, view, instantClock(), never);

  it('waits for the record, also where nobody waits for it before the CA is told', async () => {
    await expect(probe()).rejects.toThrow(
      "_acme-challenge.well.test. didn't show its TXT value within 120 s",
    );
    const value = 'cPkGKQjO3iPw6kNpIdQtLjRAsDXNGGxFKHIHGNJrgWo';
    dns.add('TXT', '_acme-challenge.well.test', value);
    await expect(probe()).rejects.toThrow(`shows only ${value}`);
    dns.add('TXT', '_acme-challenge.well.test', dnsRecordValue(answerFor('dns-01', 'well.test')));
    await probe();
  });
});
