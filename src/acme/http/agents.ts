import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { AcmeLedgerError } from '../../errors.ts';

/** The pools of connections of one transport. */
export interface Agents {
  /** @throws AcmeLedgerError `bad-file` when the extra root is none */
  of(url: string): http.Agent;
  /** The one for https with node's own roots. */
  nodesOwn: https.Agent;
  /** From now on this host is judged by node's own roots at once. */
  judgeAsNode(url: string): void;
  close: () => void;
}

/**
 * With an extra root a host is judged by that root alone, and by node's own if that fails. One context with all of them would
 * take 30 ms to build at every start, and node's list (its own, the system's, NODE_EXTRA_CA_CERTS) would have to be rebuilt here.
 */
export function agentsFor(
  caPem: string | undefined,
  idleTimeoutMs: number,
  lookup: LookupFunction | undefined,
): Agents {
  const common = { keepAlive: true, scheduling: 'lifo', timeout: idleTimeoutMs } as const;
  const options = lookup === undefined ? common : { ...common, lookup };
  const plain = new http.Agent(options);
  const secure = new https.Agent(options);
  let extra: https.Agent | undefined;
  const judgedByNode = new Set<string>();
  return {
    of(url) {
      if (!url.startsWith('https:')) return plain;
      if (caPem === undefined || judgedByNode.has(new URL(url).host)) return secure;
      return (extra ??= new https.Agent({ ...options, secureContext: contextOf(caPem) }));
    },
    nodesOwn: secure,
    judgeAsNode: (url) => judgedByNode.add(new URL(url).host),
    close() {
      for (const agent of [plain, secure, extra]) agent?.destroy();
    },
  };
}

/** A context, because `ca` itself among an agent's options becomes part of the name of every connection. */
function contextOf(caPem: string): SecureContext {
  try {
    if (!caPem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no PEM certificate in it');
    return createSecureContext({ ca: caPem });
  } catch (cause) {
    throw new AcmeLedgerError('bad-file', "the CA file isn't a PEM certificate", {
      hint: '--ca-file ROOT.pem: one or more certificates in PEM',
      cause,
    });
  }
}
