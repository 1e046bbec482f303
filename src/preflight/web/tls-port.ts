import { connect } from 'node:net';
import type { CheckParts } from '../check-parts.ts';
import type { Addresses } from '../dns/addresses.ts';
import { type Found, found } from '../finding.ts';
import type { Subject } from '../subject.ts';
import { cdnOf } from './cdn.ts';
import { lookAtHttp } from './http-look.ts';

type Port = 'open' | 'refused' | 'timeout' | 'unreachable';

/** Looks at port 443 of each address; what answers there while no answer is up says nothing. */
export async function checkTlsPort(
  { base }: Subject,
  { ipv4, ipv6 }: Addresses,
  parts: CheckParts,
  { isListener }: { isListener: boolean },
): Promise<Found[]> {
  const look = async (address: string): Promise<{ address: string; port: Port }> => ({
    address,
    port: await portAt(address, parts),
  });
  const seen = await Promise.all([...ipv6, ...ipv4].slice(0, 8).map(look));
  if (seen.some(({ address, port }) => port === 'unreachable' && address.includes(':')))
    parts.machine.noteNoIpv6();
  const closed = seen.filter(({ port }) => port === 'timeout' || (port === 'refused' && !isListener));
  const told = closed.map(({ address, port }) =>
    found(
      'port-443-closed',
      `port 443 of ${base} (${address}) ${port === 'refused' ? 'is closed' : 'does not answer this machine'}`,
    ),
  );
  return [...told, ...(await cdnThere(base, ipv4[0] ?? ipv6[0], parts))];
}

async function portAt(address: string, { view, signal }: CheckParts): Promise<Port> {
  const socket = connect({ host: address, port: view.tlsPort, signal });
  try {
    return await new Promise<Port>((resolve) => {
      socket.setTimeout(view.answerTimeoutMs, () => {
        resolve('timeout');
      });
      socket.once('connect', () => {
        resolve('open');
      });
      socket.on('error', (error) => {
        const code = 'code' in error ? error.code : '';
        if (code === 'ECONNREFUSED') resolve('refused');
        else resolve(code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL' ? 'unreachable' : 'timeout');
      });
    });
  } finally {
    socket.destroy();
    signal.throwIfAborted();
  }
}

/** A network that ends TLS shows itself on port 80, too. */
async function cdnThere(host: string, address: string | undefined, parts: CheckParts): Promise<Found[]> {
  if (address === undefined) return [];
  const look = await lookAtHttp({ host, path: '/', address }, parts);
  const cdn = look.is === 'answered' ? cdnOf(look.headers) : null;
  return cdn === null ? [] : [found('cdn-ends-tls', `${cdn} answers for ${host}, and ends TLS there`)];
}
