import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as x509 from '@peculiar/x509';
import type { ChallengeAnswer, Solver } from '../../../src/challenges/solver.ts';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { serverNameOf } from '../../../src/challenges/standalone/tls-alpn.ts';
import { systemClock } from '../../../src/clock.ts';
import { answerFor, never } from '../answers.ts';
import { freePort } from '../../support/free-port.ts';

let port: number;
let solvers: Solver[];
beforeEach(async () => {
  port = await freePort();
  solvers = [];
});
afterEach(async () => {
  await Promise.all(solvers.map((solver) => solver.close()));
});

function newSolver(): Solver {
  const listen = { host: '127.0.0.1', port };
  const solver = createSolver(
    { solver: 'standalone', challenge: 'tls-alpn-01', listen },
    { clock: systemClock },
  );
  solvers.push(solver);
  return solver;
}

/** What a validator sees: the protocol agreed on, and the certificate. */
async function handshake(
  options: ConnectionOptions,
): Promise<{ protocol: unknown; certificate: X509Certificate }> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  const certificate = new X509Certificate(socket.getPeerCertificate().raw);
  const protocol = socket.alpnProtocol;
  socket.destroy();
  return { protocol, certificate };
}

async function certificateFor(answer: ChallengeAnswer): Promise<X509Certificate> {
  const servername = serverNameOf(answer.identifier);
  const { protocol, certificate } = await handshake({ servername, ALPNProtocols: ['acme-tls/1'] });
  expect(protocol).toBe('acme-tls/1');
  return certificate;
}

test.each([
  ['example.com', 'DNS:example.com'],
  ['192.0.2.7', 'IP Address:192.0.2.7'],
  ['2001:db8::1', 'IP Address:2001:DB8:0:0:0:0:0:1'],
])('the certificate for %s names it alone and carries the digest', async (name, subjectAltName) => {
  const answer = answerFor('tls-alpn-01', name);
  await newSolver().present(answer, never);
  const certificate = await certificateFor(answer);
  expect(certificate.subjectAltName).toBe(subjectAltName);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
  const extension = new x509.X509Certificate(certificate.raw).getExtension('1.3.6.1.5.5.7.1.31');
  const digest = createHash('sha256').update(answer.keyAuthorization).digest('hex');
  expect(extension?.critical).toBe(true);
  expect(Buffer.from(extension?.value ?? new ArrayBuffer()).toString('hex')).toBe(`0420${digest}`);
});

test('each name gets its own certificate from one listener', async () => {
  const answers = ['a.example', 'b.example', 'c.example'].map((name) => answerFor('tls-alpn-01', name));
  const solver = newSolver();
  await Promise.all(answers.map((answer) => solver.present(answer, never)));
  for (const answer of answers) {
    expect((await certificateFor(answer)).subjectAltName).toBe(`DNS:${answer.identifier.value}`);
  }
});

test.each<[string, ConnectionOptions]>([
  ['a name that is not being proven', { servername: 'other.example', ALPNProtocols: ['acme-tls/1'] }],
  ['no name', { ALPNProtocols: ['acme-tls/1'] }],
  ['another protocol', { servername: 'example.com', ALPNProtocols: ['h2', 'http/1.1'] }],
  [
    'an old TLS version',
    {
      servername: 'example.com',
      ALPNProtocols: ['acme-tls/1'],
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    },
  ],
])('a client that asks for %s gets no handshake', async (_what, options) => {
  await newSolver().present(answerFor('tls-alpn-01', 'example.com'), never);
  await expect(handshake(options)).rejects.toThrow();
});

test('a client that names no protocol is hung up on', async () => {
  await newSolver().present(answerFor('tls-alpn-01', 'example.com'), never);
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, servername: 'example.com' });
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'close');
});

test('the listener closes with the last answer', async () => {
  const solver = newSolver();
  const answer = answerFor('tls-alpn-01', 'example.com');
  await solver.present(answer, never);
  await solver.cleanUp(answer, never);
  await expect(certificateFor(answer)).rejects.toThrow('ECONNREFUSED');
});

test('two orders that prove one name do not take each other’s answer away', async () => {
  const [first, second] = ['first', 'second'].map((token) => answerFor('tls-alpn-01', 'example.com', token));
  if (first === undefined || second === undefined) throw new Error('unreachable');
  const solver = newSolver();
  await solver.present(first, never);
  await solver.present(second, never);
  await solver.cleanUp(second, never);
  const certificate = await certificateFor(first);
  const digest = createHash('sha256').update(first.keyAuthorization).digest();
  expect(certificate.raw.includes(digest)).toBe(true);
});

test.each([
  ['Example.COM', 'example.com'],
  ['192.0.2.7', '7.2.0.192.in-addr.arpa'],
  ['2001:db8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
  ['::1', `1.${'0.'.repeat(31)}ip6.arpa`],
  ['2001:db8:1:2:3:4:5:60', '0.6.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
])('the CA asks for %s by the name %s', (name, serverName) => {
  expect(serverNameOf(answerFor('tls-alpn-01', name).identifier)).toBe(serverName);
});
