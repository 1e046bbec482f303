import type { WantedCertificate } from '../../src/ledger/certificates/certificates.ts';

/** A certificate for this one name, as somebody wants it at the CA. */
export function wantedFor(
  ca: string,
  name: string,
  given: Partial<WantedCertificate> = {},
): WantedCertificate {
  return {
    name,
    ca,
    names: [name],
    keyType: 'ec256',
    reuseKey: false,
    profile: null,
    preferredChain: null,
    settings: { solver: 'webroot', challenge: 'http-01', webroot: '/var/www' },
    csr: null,
    deployHook: null,
    ...given,
  };
}
