import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { throwawayTls } from '../../support/throwaway-tls.ts';
import { type Stage, expectRefused, expectTwoLines, withStage } from './bad-input-stage.ts';

/** What the server at a path answers, none of which is an ACME directory. */
const answers: Record<string, { status: number; body: string }> = {
  '/html': { status: 200, body: '<!doctype html><title>Welcome</title>' },
  '/json': { status: 200, body: '{"hello":"world"}' },
  '/list': { status: 200, body: '[]' },
  '/v1': { status: 200, body: '{"new-reg":"https://127.0.0.1/acme/new-reg"}' },
  '/no-urls': { status: 200, body: '{"newNonce":"x","newAccount":"y","newOrder":7}' },
  '/empty': { status: 200, body: '' },
  '/gone': { status: 404, body: 'no such page' },
  '/moved': { status: 302, body: '' },
};

let caPem: string;
let origin: string;
const requests: string[] = [];
let stop: () => Promise<void>;

beforeAll(async () => {
  const tls = await throwawayTls();
  caPem = tls.caPem;
  const server = createServer({ cert: tls.certificatePem, key: tls.privateKeyPem }, (request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const { status, body } = answers[(request.url ?? '').replace(/\?.*/, '')] ?? { status: 500, body: '' };
    response.writeHead(status, { location: '/html' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
});

afterAll(() => stop());

describe.concurrent('--ca is refused', () => {
  it.each([
    ['an unknown name', 'lets-encrypt', /"lets-encrypt" isn't a CA that is built in/, /letsencrypt, /],
    ['a name with an escape', '\u001b[31m', '"\\x1b[31m" isn\'t a CA', /letsencrypt, /],
    ['plain http', 'http://ca.example/dir', /isn't https/, /https:\/\//],
    ['http on a name that looks like loopback', 'http://localhost.ca.example/', /isn't https/, /https:\/\//],
    ['another scheme', 'ftp://ca.example/dir', /isn't https/, /https:\/\//],
    ['half a URL', 'https://', /isn't a URL/, /https:\/\//],
    [
      'a URL with a password',
      'https://me:geheim@ca.example/dir',
      /no user name and no password/,
      /https:\/\//,
    ],
    ['a URL with a fragment', 'https://ca.example/dir#x', /no fragment/, /https:\/\//],
  ])('as %s', async (_title, ca, error, hint) => {
    await trusting((stage) => expectRefused(stage, issueAt(stage, ca), { error, hint }));
  });

  it.each(Object.keys(answers))(
    'for what %s answers, after one request and with nothing written',
    async (place) => {
      await trusting(async (stage) => {
        const before = await stage.listing();
        const result = await stage.run(issueAt(stage, origin + place));
        expectTwoLines(result, { error: /doesn't answer with an ACME directory/, hint: /curl -s https/ });
        expect(result.exitCode).toBe(2);
        expect(requests.filter((one) => one.endsWith(place))).toEqual([`GET ${place}`]);
        expect(await stage.listing()).toEqual(before);
      });
    },
  );
});

describe.concurrent('a CA that is not reached', () => {
  it('because nobody listens there is an error of its own, with nothing written', async () => {
    await trusting(async (stage) => {
      const before = await stage.listing();
      const port = await freePort();
      const result = await stage.run(issueAt(stage, `https://127.0.0.1:${port}/dir`));
      expectTwoLines(result, { error: /127\.0\.0\.1:\d+ refuses the connection/, hint: /address/ });
      expect(result.exitCode).toBe(1);
      expect(await stage.listing()).toEqual(before);
    });
  });

  it('because its root is not trusted says which option names a root, with nothing written', async () => {
    await trusting(async (stage) => {
      const before = await stage.listing();
      const args = ['issue', 'a.example', '--webroot', 'webroot', '--state-dir', stage.stateDir];
      const result = await stage.run([...args, '--ca', `${origin}/untrusted`]);
      expectTwoLines(result, { error: /isn't trusted/, hint: /--ca-file ROOT\.pem/ });
      expect(result.exitCode).toBe(1);
      expect(requests).not.toContain('GET /untrusted');
      expect(await stage.listing()).toEqual(before);
    });
  });

  it('because its server fails is an error of its own, with nothing written', async () => {
    await trusting(async (stage) => {
      const before = await stage.listing();
      const result = await stage.run(issueAt(stage, `${origin}/broken`));
      expectTwoLines(result, { error: /HTTP 500/, hint: /fault of the CA: try again later/ });
      expect(result.exitCode).toBe(1);
      expect(await stage.listing()).toEqual(before);
    });
  });
});

describe.concurrent('other commands are refused', () => {
  it.each([
    [
      'account register at what is not a CA',
      ['account', 'register'],
      /doesn't answer with an ACME directory/,
    ],
    ['authz clear at a CA without an account', ['authz', 'clear'], /no account at/],
    ['authz sync at a CA without an account', ['authz', 'sync'], /no account at/],
    ['account show of a CA without an account', ['account', 'show'], /no account at/],
    ['authz list of a CA without an account', ['authz', 'list'], /no account at/],
  ])('%s', async (_title, command, error) => {
    await trusting(async (stage) => {
      const before = await stage.listing();
      const options = [
        '--ca',
        `${origin}/html?others`,
        '--ca-file',
        'root.pem',
        '--state-dir',
        stage.stateDir,
      ];
      const result = await stage.run([...command, ...options]);
      expectTwoLines(result, { error, hint: /./ });
      expect(result.exitCode).toBe(2);
      expect(await stage.listing()).toEqual(before);
    });
  });
});

function issueAt(stage: Stage, ca: string): string[] {
  const trust = ['--ca-file', 'root.pem', '--state-dir', stage.stateDir];
  return ['issue', 'a.example', '--webroot', 'webroot', '--ca', ca, ...trust];
}

async function trusting(act: (stage: Stage) => Promise<void>): Promise<void> {
  await withStage(async (stage) => {
    await writeFile(stage.file('root.pem'), caPem);
    await act(stage);
  });
}
