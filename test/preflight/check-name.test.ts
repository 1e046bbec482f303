import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { Answer } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorityOf } from '../../src/acme/authorities/authorities.ts';
import type { Subject } from '../../src/preflight/subject.ts';
import { type SmallInternet, codesOf, smallInternet } from './small-internet.ts';

let net: SmallInternet;
beforeEach(async () => {
  net = await smallInternet();
  net.resolver.add(
    { type: 'NS', name: '', data: 'root.test' },
    { type: 'SOA', name: 'test', data: { mname: 'root.test', rname: 'root.test', serial: 1 } },
  );
});
afterEach(() => net.stop());

const a = (name: string, data = '127.0.0.1'): Answer => ({ type: 'A', name, data });
const aaaa = (name: string, data = '::1'): Answer => ({ type: 'AAAA', name, data });
const notFound: RequestListener = (_request, response) => response.writeHead(404).end();

async function codes(name: string, given: Partial<Subject> = {}): Promise<string[]> {
  return codesOf(await net.check(name, given));
}

describe('a name', () => {
  const letsencrypt = { authority: authorityOf('letsencrypt') };

  it('is well when it leads to a web server that does not know the token', async () => {
    net.resolver.add(a('well.test'));
    await net.web('127.0.0.1', notFound);
    expect(await net.check('well.test')).toEqual([]);
  });

  it.each([
    ['shop_1.example.com', 'name-invalid'],
    ['intranet', 'name-invalid'],
    ['printer.corp', 'name-not-public'],
    ['co.uk', 'name-not-public'],
    ['*.co.uk', 'name-not-public'],
    ['xn--a.example.com', 'name-idn'],
  ])('%s is none that a public CA certifies, and is not asked about', async (name, code) => {
    expect(await codes(name, letsencrypt)).toEqual([code]);
    expect(net.resolver.questions).toEqual([]);
  });

  it('has its domain twice', async () => {
    expect(await codes('www.example.com.example.com', letsencrypt)).toContain('name-doubled');
    expect(await codes('www.example.com', letsencrypt)).not.toContain('name-doubled');
  });

  it('is not fit for its challenge', async () => {
    expect(await codes('*.well.test', { challenge: 'http-01' })).toEqual(['challenge-unfit']);
    expect(await codes('192.0.2.1', { challenge: 'dns-01' })).toEqual(['challenge-unfit']);
  });
});

describe('addresses', () => {
  it('of a name that is not there, or leads to none, or fails', async () => {
    net.resolver.add(
      { type: 'TXT', name: 'bare.test', data: 'x' },
      { type: 'CNAME', name: 'alias.test', data: 'gone.test' },
    );
    expect(await codes('none.test')).toEqual(['domain-missing']);
    expect(await codes('bare.test')).toEqual(['address-missing']);
    const [alias] = await net.check('alias.test');
    expect(alias).toMatchObject({
      code: 'domain-missing',
      message: 'alias.test is an alias of gone.test, which is not in the DNS (NXDOMAIN)',
    });
    net.resolver.mood = ({ name }) => (name.endsWith('fails.test') ? 'REFUSED' : null);
    expect(await codes('fails.test')).toContain('dns-fails');
  });

  it('that no public CA looks at', async () => {
    const authority = authorityOf('letsencrypt');
    net.resolver.add(
      a('in.example.com', '10.1.2.3'),
      aaaa('in.example.com', 'fd00::1'),
      a('nat.example.com', '100.64.0.1'),
    );
    expect(await codes('in.example.com', { authority })).toEqual(['address-private']);
    expect(await codes('nat.example.com', { authority })).toEqual(['address-private']);
    expect(await codes('192.168.0.1', { authority })).toEqual(['address-private']);
    const tls = { authority, challenge: 'dns-01' } as const;
    expect(await codes('in.example.com', tls)).not.toContain('address-private');
  });

  it('that are closed, or answer no HTTP', async () => {
    net.resolver.add(a('closed.test', '127.0.0.9'), a('tls.test', '127.0.0.8'));
    expect(await codes('closed.test')).toEqual(['port-80-closed']);
    const server = createServer((socket) => socket.end('SSH-2.0-x\r\n')).listen(net.httpPort, '127.0.0.8');
    await once(server, 'listening');
    expect(await codes('tls.test')).toEqual(['port-80-not-http']);
    server.close();
  });

  it('of which one is dead', async () => {
    net.resolver.add(a('two.test', '127.0.0.1'), a('two.test', '127.0.0.9'), a('six.test'), aaaa('six.test'));
    await net.web('127.0.0.1', notFound);
    expect(await codes('two.test')).toEqual(['address-silent']);
    expect(await codes('six.test')).toEqual(['aaaa-silent']);
  });

  it('that answer otherwise than each other', async () => {
    net.resolver.add(a('six.test'), aaaa('six.test'), a('four.test'), a('four.test', '127.0.0.2'));
    await net.web('127.0.0.1', notFound);
    await net.web('127.0.0.2', (_request, response) => response.writeHead(410).end());
    await net.web('::1', (_request, response) =>
      response.writeHead(302, { location: 'http://six.test/parked' }).end(),
    );
    expect(await codes('six.test')).toContain('redirect-loop');
    expect(await codes('six.test')).toContain('aaaa-differs');
    expect(await codes('four.test')).toEqual(['address-differs']);
  });

  it('of a solver that listens itself need not answer yet', async () => {
    const settings = {
      solver: 'standalone',
      challenge: 'http-01',
      listen: { host: null, port: 80 },
    } as const;
    net.resolver.add(a('closed.test', '127.0.0.9'));
    expect(await codes('closed.test', { settings })).toEqual([]);
    const tls = {
      solver: 'standalone',
      challenge: 'tls-alpn-01',
      listen: { host: null, port: 443 },
    } as const;
    expect(await codes('closed.test', { settings: tls, challenge: 'tls-alpn-01' })).toEqual([]);
    expect(await codes('closed.test', { challenge: 'tls-alpn-01' })).toEqual(['port-443-closed']);
  });
});

describe('a name that the CA has validated beforehand', () => {
  const settings = { solver: 'none', challenge: 'http-01' } as const;

  it('needs neither an address nor a web server, and no CAA record that forbids it', async () => {
    expect(await codes('none.test', { settings })).toEqual([]);
    net.resolver.add({
      type: 'CAA',
      name: 'none.test',
      data: { flags: 0, tag: 'issue', value: 'other.example' },
    });
    expect(await codes('none.test', { settings })).toEqual(['caa-forbids']);
  });
});

describe('a web server', () => {
  const redirect =
    (location: string): RequestListener =>
    (_request, response) => {
      response.writeHead(301, { location }).end();
    };

  it.each<[string, RequestListener, string[]]>([
    ['redirects to itself', redirect('http://a.test/again'), ['redirect-loop']],
    ['redirects to another port', redirect('http://a.test:8080/'), ['redirect-forbidden']],
    ['redirects to an address', redirect('http://203.0.113.1/'), ['redirect-forbidden']],
    ['redirects to no HTTP', redirect('ftp://a.test/'), ['redirect-forbidden']],
    ['redirects into this network', redirect('http://inner.test/'), ['redirect-elsewhere']],
    ['forbids', (_request, response) => response.writeHead(403).end(), ['web-forbids']],
    ['fails', (_request, response) => response.writeHead(502).end(), ['web-fails']],
    ['has an answer for anything', (_request, response) => response.end('parked'), ['web-answers-all']],
    [
      'stands behind a network',
      (_request, response) => response.writeHead(404, { 'cf-ray': '1' }).end(),
      ['cdn-in-front'],
    ],
    ['is silent', () => undefined, ['port-80-not-http']],
  ])('that %s', async (_what, listener, expected) => {
    net.resolver.add(a('a.test'), a('inner.test', '127.0.0.5'));
    let inner = 0;
    await net.web('127.0.0.5', () => inner++);
    await net.web('127.0.0.1', listener);
    expect(await codes('a.test')).toEqual(expected);
    expect(inner).toBe(0);
  });

  it('behind a network that ends TLS', async () => {
    net.resolver.add(a('a.test'));
    await net.web('127.0.0.1', (_request, response) => response.writeHead(404, { 'cf-ray': '1' }).end());
    expect(await codes('a.test', { challenge: 'tls-alpn-01' })).toEqual(['port-443-closed', 'cdn-ends-tls']);
  });
});

describe('this machine', () => {
  it('without a resolver says so once, and nothing of the names', async () => {
    net.resolver.mood = () => 'silent';
    expect(await net.check('a.test')).toMatchObject([{ code: 'not-looked', severity: 'info' }]);
  });
});
