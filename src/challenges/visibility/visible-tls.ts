import { connect, type TLSSocket } from 'node:tls';
import { acmeIdentifier } from '../tls-alpn-answer.ts';
import { keyAuthorizationDigest } from '../answer-values.ts';
import { socketAddressText } from '../../system/socket-address.ts';
import type { ChallengeAnswer } from '../solver.ts';
import { protocol, serverNameOf } from '../standalone/tls-alpn.ts';

const handshakeTimeoutMs = 10_000;

/**
 * Shakes hands as a CA would (RFC 8737 §3), with the first of the addresses that can be connected to, and compares the certificate.
 * @throws Error why it isn't answered, or the signal's reason
 */
export async function assertTlsAnswer(
  answer: ChallengeAnswer,
  addresses: readonly string[],
  { tlsPort }: { tlsPort: number },
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown = new Error('it has no address');
  for (const address of addresses) {
    try {
      const certificate = await certificateAt(address, tlsPort, serverNameOf(answer.identifier), signal);
      await assertDigest(certificate, keyAuthorizationDigest(answer));
      return;
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

/** DER */
async function certificateAt(
  host: string,
  port: number,
  servername: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const timeout = AbortSignal.timeout(handshakeTimeoutMs);
  const limit = AbortSignal.any([signal, timeout]);
  const socket = connect({
    host,
    port,
    servername,
    ALPNProtocols: [protocol],
    minVersion: 'TLSv1.2',
    // It is self-signed; what it says of the key authorization is compared.
    rejectUnauthorized: false,
  });
  try {
    await untilSecure(socket, limit);
    if (socket.alpnProtocol !== protocol) throw new Error(`what answers there doesn't speak ${protocol}`);
    return socket.getPeerCertificate().raw;
  } catch (error) {
    if (timeout.aborted) {
      throw new Error(`${socketAddressText({ host, port })}: no answer in time`, { cause: error });
    }
    throw error;
  } finally {
    socket.destroy();
  }
}

async function untilSecure(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const give = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener('abort', give, { once: true });
    socket.once('secureConnect', resolve);
    // Stays: what is destroyed may still fail.
    socket.on('error', reject);
  });
}

async function assertDigest(certificate: Buffer, digest: Buffer): Promise<void> {
  const { X509Certificate } = await import('@peculiar/x509');
  const extension = new X509Certificate(Uint8Array.from(certificate)).getExtension(acmeIdentifier);
  // DER: an OCTET STRING is a tag, a byte of length, and the digest.
  const shown = extension === null ? null : Buffer.from(extension.value).subarray(2);
  if (shown?.equals(digest) !== true) throw new Error('its certificate answers something else');
}
