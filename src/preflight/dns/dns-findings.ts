import type { FindingKind } from '../finding-kind.ts';

/** Findings in the DNS. */
export const dnsFindings = {
  'domain-missing': {
    severity: 'fatal',
    whose: 'customer',
    means: 'The DNS says that there is no such name (NXDOMAIN).',
    mend: 'Make an A or AAAA record for the name; see whether the domain is still registered and delegated.',
  },
  'dns-fails': {
    severity: 'error',
    whose: 'customer',
    means: "The resolver gets no answer about the name from its domain's name servers (SERVFAIL or silence).",
    mend: "See whether the domain's name servers answer, and whether the delegation names the right ones.",
  },
  'dnssec-bogus': {
    severity: 'fatal',
    whose: 'customer',
    means:
      'DNSSEC of the domain is broken: a validating resolver refuses the answer, and gives it when it may not validate.',
    mend: 'Replace or remove the DS record at the registrar, so that it matches the keys of the zone.',
  },
  'caa-forbids': {
    severity: 'fatal',
    whose: 'customer',
    means:
      'CAA records of the name, or of a domain above it, let other CAs issue and not this one (RFC 8659).',
    mend: 'Add a CAA record for this CA beside the others, or remove them all.',
  },
  'caa-account': {
    severity: 'fatal',
    whose: 'customer',
    means: 'The CAA records bind the CA to another account (`accounturi`, RFC 8657).',
    mend: 'Set `accounturi` to the URL of the account that orders the certificate, or leave it out.',
  },
  'caa-method': {
    severity: 'fatal',
    whose: 'customer',
    means: 'The CAA records exclude the challenge that is used (`validationmethods`, RFC 8657).',
    mend: 'Add the challenge to `validationmethods`, or prove the name by one that is listed.',
  },
  'caa-critical': {
    severity: 'fatal',
    whose: 'customer',
    means:
      'A CAA record with a tag that no CA knows is marked critical: then no CA may issue (RFC 8659 §4.1).',
    mend: 'Correct the tag of the record, or remove its critical flag.',
  },
  'caa-fails': {
    severity: 'error',
    whose: 'customer',
    means: 'The question for CAA records fails, while others are answered: CAs take that for a refusal.',
    mend: 'Have the name servers answer questions for CAA (type 257) with "no such record" instead of an error.',
  },
  'caa-unjudged': {
    severity: 'info',
    whose: 'ca',
    means: 'There are CAA records, and it is not known which name this CA has in them.',
    mend: "Compare them with the CA's own documents.",
  },
  'ns-none': {
    severity: 'error',
    whose: 'customer',
    means: "None of the domain's name servers answers.",
    mend: 'Bring the name servers up, or delegate the domain to others.',
  },
  'ns-silent': {
    severity: 'warning',
    whose: 'customer',
    means:
      "One of the domain's name servers does not answer; the CA asks from several places, and may meet that one.",
    mend: 'Bring the name server up, or take it out of the delegation.',
  },
  'ns-lame': {
    severity: 'warning',
    whose: 'customer',
    means: 'A name server that the domain is delegated to does not have the zone.',
    mend: 'Load the zone there, or take the server out of the delegation.',
  },
  'ns-disagree': {
    severity: 'error',
    whose: 'customer',
    means: "The domain's name servers give different answers about the name: one has it, another has not.",
    mend: 'Bring all name servers to the same version of the zone.',
  },
  'ns-serials': {
    severity: 'info',
    whose: 'customer',
    means: "The domain's name servers have different versions of the zone (SOA serial).",
    mend: 'See whether the slower ones catch up.',
  },
  'delegation-differs': {
    severity: 'warning',
    whose: 'customer',
    means: 'The registry delegates the domain to other name servers than the zone itself names.',
    mend: 'Bring the name servers at the registrar and the NS records of the zone together.',
  },
  'address-missing': {
    severity: 'fatal',
    whose: 'customer',
    means: 'The name has neither an A nor an AAAA record: the CA has no address to look at.',
    mend: 'Make an A or AAAA record that leads to the web server.',
  },
  'address-private': {
    severity: 'fatal',
    whose: 'customer',
    means: 'All addresses of the name are private or reserved: a public CA does not look there.',
    mend: 'Give the name a public address, or prove it by dns-01.',
  },
  'address-partly-private': {
    severity: 'warning',
    whose: 'customer',
    means: 'One of the addresses of the name is private or reserved; the CA leaves it out.',
    mend: 'Remove the record of that address.',
  },
  'record-left-over': {
    severity: 'warning',
    whose: 'operator',
    means:
      'There are TXT records at `_acme-challenge` already that this ledger knows nothing of; many of them make the answer too large.',
    mend: 'Remove those that no client needs any more.',
  },
  'record-doubled': {
    severity: 'warning',
    whose: 'operator',
    means:
      'There is a TXT record at `_acme-challenge` of the name with its domain twice: the hook, or somebody, has written the domain where the DNS adds it by itself.',
    mend: 'Give the record name without the domain, and remove the wrong record.',
  },
  'record-alias': {
    severity: 'info',
    whose: 'operator',
    means: '`_acme-challenge` of the name is an alias (CNAME): the answer is looked for at its target.',
    mend: 'Nothing, if the solver writes there.',
  },
  'record-alias-broken': {
    severity: 'error',
    whose: 'customer',
    means: '`_acme-challenge` of the name is an alias (CNAME) that leads to no zone, or in a circle.',
    mend: 'Correct the CNAME record, or remove it.',
  },
} as const satisfies Record<string, FindingKind>;
