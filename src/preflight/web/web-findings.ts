import type { FindingKind } from '../finding-kind.ts';

/** Findings at the name's addresses. */
export const webFindings = {
  'address-silent': {
    severity: 'error',
    whose: 'customer',
    means:
      'One of the addresses of the name can not be connected to, while others can; the CA picks one by chance.',
    mend: 'Remove the record of that address, or have the web server listen there.',
  },
  'address-differs': {
    severity: 'warning',
    whose: 'customer',
    means: 'The IPv4 addresses of the name answer differently on port 80.',
    mend: 'Have all of them lead to the same web server, or remove the records that do not.',
  },
  'aaaa-differs': {
    severity: 'error',
    whose: 'customer',
    means: 'The IPv6 address of the name answers otherwise than its IPv4 address. The CA takes IPv6 first.',
    mend: 'Have the AAAA record lead to the same web server, or remove it.',
  },
  'aaaa-silent': {
    severity: 'warning',
    whose: 'customer',
    means: 'The IPv6 address of the name can not be connected to. Some CAs fall back to IPv4, some do not.',
    mend: 'Remove the AAAA record, or have the web server listen there.',
  },
  'port-80-closed': {
    severity: 'error',
    whose: 'customer',
    means: 'Nothing listens on port 80 of the name, which http-01 needs.',
    mend: 'Have the web server listen on port 80, and let the firewall pass it.',
  },
  'port-80-silent': {
    severity: 'error',
    whose: 'customer',
    means: 'Port 80 of the name does not answer; most often a firewall is in the way.',
    mend: 'Open port 80 for everybody; CAs look from changing addresses all over the world.',
  },
  'port-80-not-http': {
    severity: 'error',
    whose: 'customer',
    means: 'Something else than HTTP answers on port 80, TLS for example.',
    mend: 'Have the web server speak plain HTTP on port 80.',
  },
  'port-443-closed': {
    severity: 'error',
    whose: 'customer',
    means: 'Port 443 of the name can not be connected to, which tls-alpn-01 needs.',
    mend: 'Let the firewall pass port 443.',
  },
  'redirect-loop': {
    severity: 'error',
    whose: 'customer',
    means: 'The web server redirects the request for the answer in a circle, or more than ten times.',
    mend: 'Leave `/.well-known/acme-challenge/` out of the redirects.',
  },
  'redirect-forbidden': {
    severity: 'error',
    whose: 'customer',
    means:
      'The web server redirects to where CAs do not follow: another port than 80 and 443, an IP address, no HTTP.',
    mend: 'Leave `/.well-known/acme-challenge/` out of the redirect.',
  },
  'redirect-elsewhere': {
    severity: 'info',
    whose: 'customer',
    means: 'The web server redirects the request to another host: the answer must be there.',
    mend: 'Nothing, if that host shows the answers of this machine.',
  },
  'web-forbids': {
    severity: 'warning',
    whose: 'customer',
    means:
      'The web server forbids what is below `/.well-known/acme-challenge/` (401 or 403): a firewall against bots, or a rule for files that begin with a dot.',
    mend: 'Let requests below `/.well-known/acme-challenge/` pass without a login or a test.',
  },
  'web-fails': {
    severity: 'warning',
    whose: 'customer',
    means: 'The web server answers with an error of its own (5xx).',
    mend: 'See the log of the web server.',
  },
  'web-answers-all': {
    severity: 'warning',
    whose: 'customer',
    means:
      'The web server has an answer for a token that nobody has put up: a parking page, a router, or another ACME client.',
    mend: 'Have the web server show the files below `/.well-known/acme-challenge/`.',
  },
  'cdn-in-front': {
    severity: 'info',
    whose: 'customer',
    means: 'A content delivery network answers for the name.',
    mend: 'Nothing for http-01, as long as it passes requests on.',
  },
  'cdn-ends-tls': {
    severity: 'error',
    whose: 'customer',
    means: 'A content delivery network ends TLS for the name: tls-alpn-01 does not come through.',
    mend: 'Prove the name by http-01 or dns-01.',
  },
} as const satisfies Record<string, FindingKind>;
