import { domainToASCII, domainToUnicode } from 'node:url';
import { AcmeLedgerError } from '../errors.ts';
import { assertPublicNames, parseName } from '../identifiers.ts';
import { type Found, found } from './finding.ts';
import { type Subject, isProvenAtHost, isProvenBefore, isPublicCa } from './subject.ts';

/** Whether the name can be certified at all, by what it looks like. Nothing is asked. */
export async function checkForm(subject: Subject): Promise<Found[]> {
  const { name, base, type, isWildcard } = subject;
  const unfit = unfitChallenge(subject);
  if (type === 'ip') return unfit;
  const idn = base.split('.').find((label) => label.startsWith('xn--') && !isALabel(label));
  if (idn !== undefined) return [found('name-idn', `the label "${idn}" of ${name} is no valid A-label`)];
  if (!isPublicCa(subject)) return unfit;
  try {
    assertPublicNames([parseName(name)]);
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    return [found('name-invalid', error.message, { mend: error.hint })];
  }
  // The list takes longer to load than most commands run.
  const { parse } = await import('tldts');
  const { publicSuffix, isIcann, domain } = parse(base, { allowPrivateDomains: false });
  if (isIcann !== true)
    return [found('name-not-public', `${name} ends with no public suffix: no public CA certifies it`)];
  if (publicSuffix === base)
    return [
      found(
        'name-not-public',
        isWildcard
          ? `${name} would be for all domains of the public suffix ${base}`
          : `${name} is a public suffix itself: no public CA certifies it`,
      ),
    ];
  const twice = domain !== null && base.endsWith(`${domain}.${domain}`);
  const doubled = twice ? [found('name-doubled', `${name} has the domain ${domain} in it twice`)] : [];
  return [...unfit, ...doubled];
}

/** Whether the label is what its own letters are written as (RFC 5891 §5.4). */
function isALabel(label: string): boolean {
  const unicode = domainToUnicode(label);
  return unicode !== '' && !unicode.startsWith('xn--') && domainToASCII(unicode) === label;
}

function unfitChallenge(subject: Subject): Found[] {
  const { name, type, isWildcard, challenge } = subject;
  if (isProvenBefore(subject)) return [];
  if (isWildcard && isProvenAtHost(subject))
    return [
      found('challenge-unfit', `the wildcard ${name} can only be proven by dns-01, not by ${challenge}`),
    ];
  if (type === 'ip' && challenge === 'dns-01')
    return [found('challenge-unfit', `the IP address ${name} can not be proven by dns-01 (RFC 8738 §7)`)];
  return [];
}
