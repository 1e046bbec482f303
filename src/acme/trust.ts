import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { AcmeLedgerError } from '../errors.ts';

/**
 * The TLS context that trusts what node trusts and one more root; undefined (node's own) without one. Built once for all
 * connections: reading 140 roots takes tens of milliseconds.
 * @throws AcmeLedgerError `bad-file` when `caPem` holds no certificate
 */
export function secureContextWith(caPem: string | undefined): tls.SecureContext | undefined {
  if (caPem === undefined) return undefined;
  try {
    if (!caPem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no PEM certificate in it');
    return tls.createSecureContext({ ca: [...defaultRoots(), caPem] });
  } catch (cause) {
    throw new AcmeLedgerError('bad-file', "the CA file isn't a PEM certificate", {
      hint: '--ca-file ROOT.pem: one or more certificates in PEM',
      cause,
    });
  }
}

function defaultRoots(): readonly string[] {
  // Node 22.15 and later know the whole default list, with the system's roots where those were asked for.
  const whole = tls as { getCACertificates?: (type: 'default') => string[] };
  return whole.getCACertificates?.('default') ?? [...tls.rootCertificates, ...extraRoots()];
}

/** Giving `ca` switches node's own reading of NODE_EXTRA_CA_CERTS off. */
function extraRoots(): string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  if (file === undefined || file === '') return [];
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    return []; // node has warned about it at its start
  }
}
