import type { FindingKind } from './finding-kind.ts';

/** Findings of the name itself, of its test answer, and of the ledger. */
export const ownFindings = {
  'name-invalid': {
    severity: 'fatal',
    whose: 'operator',
    means: 'The name is none that a CA can certify: its form is wrong.',
    mend: 'Write the name correctly, or leave it out of the certificate.',
  },
  'name-not-public': {
    severity: 'fatal',
    whose: 'operator',
    means: 'The name ends with no public suffix, or is one itself: no public CA certifies it.',
    mend: 'Leave the name out, or use a CA of your own (`--ca URL`).',
  },
  'name-idn': {
    severity: 'fatal',
    whose: 'operator',
    means: 'A label of the name begins with `xn--` and is no valid A-label (RFC 5891).',
    mend: 'Type the name in its own letters, and let the program write the A-label.',
  },
  'name-doubled': {
    severity: 'warning',
    whose: 'operator',
    means: 'The name has its domain twice, as in `example.com.example.com`: most likely a slip.',
    mend: 'Write the domain once.',
  },
  'challenge-unfit': {
    severity: 'fatal',
    whose: 'operator',
    means:
      'The name can not be proven by the challenge that is chosen: a wildcard needs dns-01, an IP address must not have it.',
    mend: 'Choose another challenge with `--challenge` for the certificate.',
  },
  'answer-not-put-up': {
    severity: 'error',
    whose: 'operator',
    means: 'The solver of the certificate could not put a test answer up (`--deep`).',
    mend: 'See its message: the directory, the hook or the listener.',
  },
  'answer-not-seen': {
    severity: 'error',
    whose: 'operator',
    means: 'A test answer was put up and can not be seen where the CA looks (`--deep`).',
    mend: 'See whether the name leads to this machine, and what answers there.',
  },
  'answer-left-up': {
    severity: 'warning',
    whose: 'operator',
    means: 'A test answer could not be taken down again (`--deep`); the next `acme-ledger renew` tries it.',
    mend: 'Mend the clean-up of the hook.',
  },
  'way-missing': {
    severity: 'fatal',
    whose: 'operator',
    means: 'The configuration does not say how the name is proven, or names a solver that can not prove it.',
    mend: 'Name a solver for it under `solvers:` in the configuration.',
  },
  'name-failing': {
    severity: 'info',
    whose: 'operator',
    means: 'Earlier attempts failed for the name; it waits for its next one.',
    mend: '`acme-ledger name show NAME` tells all.',
  },
  'name-suspended': {
    severity: 'error',
    whose: 'operator',
    means: 'The name has been failing for so long that no order names it.',
    mend: '`acme-ledger name resume NAME`, once it is mended.',
  },
  'name-paused': {
    severity: 'error',
    whose: 'operator',
    means: 'The CA has paused the name until a person opens its page.',
    mend: 'Open the page that the message names, then `acme-ledger name resume NAME`.',
  },
  'limit-reached': {
    severity: 'error',
    whose: 'ca',
    means: 'A limit of the CA has no room for an order with the name now.',
    mend: 'Wait until the time that the message names.',
  },
  'limit-left': {
    severity: 'info',
    whose: 'ca',
    means: "How much is left of the CA's limits for the name and its domain, as far as this ledger counts.",
    mend: 'Nothing.',
  },
  assumed: {
    severity: 'info',
    whose: 'operator',
    means:
      'No certificate of the ledger has the name, or something else that the check needs is not known: it assumes what the message says.',
    mend: 'Name another CA by `--ca`, another challenge by `--challenge`.',
  },
  'not-looked': {
    severity: 'info',
    whose: 'operator',
    means:
      'This machine can not make a part of the check, for want of IPv6, of a resolver, or of a way out. It says nothing about the names.',
    mend: 'Run the check from where the outside can be seen, or name a resolver with `--check-resolver`.',
  },
  well: {
    severity: 'info',
    whose: 'operator',
    means: 'Nothing was found that would keep the certificate from being issued.',
    mend: 'Nothing.',
  },
} as const satisfies Record<string, FindingKind>;
