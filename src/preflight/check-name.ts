import { isIP } from 'node:net';
import { kindOf } from '../challenges/settings.ts';
import type { CheckParts } from './check-parts.ts';
import { type Addresses, checkAddresses } from './dns/addresses.ts';
import { checkCaa } from './dns/caa.ts';
import { checkChallengeRecord } from './dns/challenge-record.ts';
import { checkNameServers, type ZoneLooks } from './dns/name-servers.ts';
import { isReserved } from './dns/address-ranges.ts';
import { type Found, found } from './finding.ts';
import type { FindingCode } from './finding-codes.ts';
import { checkForm } from './name-form.ts';
import { type Subject, isProvenAtHost, isProvenBefore, isPublicCa } from './subject.ts';
import { checkTlsPort } from './web/tls-port.ts';
import { checkWeb } from './web/web.ts';

/** What the checks of a run have beside the parts of one name. */
export interface NameCheck {
  zones: ZoneLooks;
  /** The TXT values that this ledger has up. */
  ownValues: ReadonlySet<string>;
  /** Puts a test answer up and looks at it; null: `--deep` isn't asked for. */
  deep: ((subject: Subject, addresses: Addresses) => Promise<Found[]>) | null;
}

/** What a test answer that was seen everywhere has proven to be well. */
const provenByAnswer: ReadonlySet<FindingCode> = new Set([
  'web-forbids',
  'web-fails',
  'web-answers-all',
  'redirect-elsewhere',
]);

/** All that can be found out about the name from outside of the ledger. */
export async function checkName(subject: Subject, parts: CheckParts, check: NameCheck): Promise<Found[]> {
  const form = await checkForm(subject);
  // What can be no name of a certificate isn't asked about.
  if (form.some(({ severity }) => severity === 'fatal')) return form;
  if (!(await parts.resolver.isAlive())) {
    const message = 'no resolver answers this machine: nothing was looked at in the DNS, nor at web servers';
    parts.machine.note('resolver', message);
    return form;
  }
  const { findings, addresses } = await lookedUp(subject, parts, check);
  const shallow = [...form, ...findings, ...(await atAddresses(subject, addresses, parts))];
  const isUnanswered = isProvenBefore(subject) || subject.challenge === 'dns-persist-01';
  if (check.deep === null || isUnanswered || shallow.some(({ severity }) => severity === 'fatal'))
    return once(shallow);
  const deep = await check.deep(subject, addresses);
  const isSeen = deep.length === 0;
  return once([...shallow.filter(({ code }) => !isSeen || !provenByAnswer.has(code)), ...deep]);
}

/** One fault of a domain may be met by several checks. */
function once(findings: readonly Found[]): Found[] {
  return findings.filter(
    ({ code, message }, index) =>
      findings.findIndex(
        (each) => each.code === code && (each.message === message || code === 'dnssec-bogus'),
      ) === index,
  );
}

async function lookedUp(
  subject: Subject,
  parts: CheckParts,
  { zones, ownValues }: NameCheck,
): Promise<{ findings: Found[]; addresses: Addresses }> {
  if (subject.type === 'ip') return givenAddress(subject);
  const [caa, servers, place] = await Promise.all([
    checkCaa(subject, parts),
    checkNameServers(subject, parts, zones),
    checkPlace(subject, parts, ownValues),
  ]);
  return { findings: [...place.findings, ...caa, ...servers], addresses: place.addresses };
}

/** What is where the CA will look for the answer: at the zone, or at the host. */
async function checkPlace(
  subject: Subject,
  parts: CheckParts,
  ownValues: ReadonlySet<string>,
): Promise<{ findings: Found[]; addresses: Addresses }> {
  const addresses = { ipv4: [], ipv6: [] };
  if (isProvenAtHost(subject)) return checkAddresses(subject, parts);
  if (isProvenBefore(subject) || subject.challenge !== 'dns-01') return { findings: [], addresses };
  return { findings: await checkChallengeRecord(subject, parts, ownValues), addresses };
}

function givenAddress(subject: Subject): { findings: Found[]; addresses: Addresses } {
  const { base } = subject;
  const addresses = isIP(base) === 6 ? { ipv4: [], ipv6: [base] } : { ipv4: [base], ipv6: [] };
  const isInner = isPublicCa(subject) && isReserved(base);
  const findings = isInner
    ? [found('address-private', `${base} is reserved or private: no public CA certifies it`)]
    : [];
  return { findings, addresses };
}

async function atAddresses(subject: Subject, addresses: Addresses, parts: CheckParts): Promise<Found[]> {
  if (addresses.ipv4.length + addresses.ipv6.length === 0 || isProvenBefore(subject)) return [];
  const { settings, challenge } = subject;
  const isListener = settings !== null && kindOf(settings).isListener === true;
  if (challenge === 'http-01') return checkWeb(subject, addresses, parts, { isListener });
  if (challenge === 'tls-alpn-01') return checkTlsPort(subject, addresses, parts, { isListener });
  return [];
}
