import { isIPv4 } from 'node:net';
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { Clock } from '../../clock.ts';
import type { Identifier } from '../../identifiers.ts';
import { challengeContext } from '../tls-alpn-answer.ts';
import { untilAborted } from '../../system/until-aborted.ts';
import type { StandaloneSettings } from './settings.ts';
import type { ChallengeAnswer, Solver } from '../solver.ts';
import { standaloneAnswers } from './answers.ts';

interface TlsAnswer {
  serverName: string;
  context: SecureContext;
}

export const protocol = 'acme-tls/1'; // RFC 8737 §6.2
const handshakeTimeoutMs = 10_000;

const answersAt = standaloneAnswers<TlsAnswer>(answerServer);

/** Answers tls-alpn-01 with a TLS server of our own (RFC 8737 §3). */
export function standaloneTlsSolver({ listen }: StandaloneSettings, clock: Clock): Solver {
  const { add, remove, ...answers } = answersAt(listen, clock);
  return {
    ...answers,
    type: 'tls-alpn-01',
    async present(answer, signal) {
      const context = await untilAborted(() => challengeContext(answer, clock.wallNow()), signal);
      await add(keyOf(answer), { serverName: serverNameOf(answer.identifier), context }, signal);
    },
    cleanUp: (answer) => remove(keyOf(answer)),
  };
}

/**
 * The name that the CA puts into SNI: an address is asked for by its reverse name (RFC 8738 §6, RFC 3596 §2.5).
 */
export function serverNameOf({ type, value }: Identifier): string {
  if (type === 'dns') return value.toLowerCase();
  if (isIPv4(value)) return `${value.split('.').toReversed().join('.')}.in-addr.arpa`;
  const nibbles = ipv6Groups(value)
    .map((group) => group.padStart(4, '0'))
    .join('');
  return `${Array.from(nibbles).toReversed().join('.')}.ip6.arpa`;
}

/** The eight groups of an address in the canonical form of RFC 5952. */
function ipv6Groups(value: string): string[] {
  const [head = '', tail] = value.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after];
}

/** Two orders may prove one name at the same time. */
function keyOf({ identifier, token }: ChallengeAnswer): string {
  return `${identifier.value} ${token}`;
}

function answerServer(answers: ReadonlyMap<string, TlsAnswer>): Server {
  const server = createServer({
    // RFC 8737 §3: TLS 1.2 or later, and nothing but acme-tls/1.
    minVersion: 'TLSv1.2',
    ALPNProtocols: [protocol],
    handshakeTimeout: handshakeTimeoutMs,
    SNICallback: (serverName, callback) => {
      const context = latestContext(answers, serverName.toLowerCase());
      if (context === undefined) callback(new Error('no challenge for this name'));
      else callback(null, context);
    },
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    // RFC 8737 §3: no application data is exchanged; who didn't ask for the protocol gets nothing either way.
    socket.on('error', () => socket.destroy());
    if (socket.alpnProtocol === protocol) socket.end();
    else socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function latestContext(
  answers: ReadonlyMap<string, TlsAnswer>,
  serverName: string,
): SecureContext | undefined {
  return [...answers.values()].findLast((answer) => answer.serverName === serverName)?.context;
}
