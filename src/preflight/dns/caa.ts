import type { CheckParts } from '../check-parts.ts';
import { type Found, found } from '../finding.ts';
import { type Subject, isProvenBefore } from '../subject.ts';
import { type CaaRecord, type CaaVerdict, caaFor, judgeCaa } from './caa-records.ts';
import { isBogus } from './dnssec.ts';

/** Whether the CAA records let the CA issue for the name, on its account, proven as it would be. */
export async function checkCaa(subject: Subject, parts: CheckParts): Promise<Found[]> {
  const { base, caaIdentities: identities, accountUrl, challenge, isWildcard, authority } = subject;
  const set = await caaFor(base, parts.resolver);
  if (set.is === 'none') return [];
  if (set.is === 'failed') return failed(set.domain, set.looked.is, parts);
  const { domain, records } = set;
  if (identities.length === 0) {
    const message = `${domain} has CAA records (${shown(records)}), and it is not known what ${authority.label} is called in them`;
    return [found('caa-unjudged', message)];
  }
  const method = isProvenBefore(subject) ? null : challenge;
  const verdict = judgeCaa(records, { isWildcard, identities, accountUrl, method });
  return verdict.is === 'allowed' ? [] : [forbidden(subject, { domain, records, verdict })];
}

/** @returns nothing where the name as a whole can't be looked up: that is told by itself */
async function failed(domain: string, how: string, { resolver }: CheckParts): Promise<Found[]> {
  if (await isBogus(domain, 'CAA', resolver)) return [bogus(domain)];
  const other = await resolver.look(domain, 'NS');
  if (other.is === 'failed' || other.is === 'silent') return [];
  const why = how === 'silent' ? 'not answered' : 'answered with an error (SERVFAIL)';
  const message = `the question for CAA records of ${domain} is ${why}, though others are answered well`;
  return [found('caa-fails', message)];
}

/** The finding for a domain whose DNSSEC is broken. */
export function bogus(domain: string): Found {
  return found(
    'dnssec-bogus',
    `DNSSEC of ${domain} is broken: a validating resolver refuses its answers, and every CA validates`,
  );
}

interface Forbidding {
  domain: string;
  records: readonly CaaRecord[];
  verdict: CaaVerdict;
}

function forbidden(subject: Subject, { domain, records, verdict }: Forbidding): Found {
  const { authority, accountUrl, challenge, caaIdentities } = subject;
  const [identity = ''] = caaIdentities;
  const there = `the CAA records at ${domain} (${shown(records)})`;
  const named = verdict.named.join(', ');
  const record = (wanted: string | null) => ({
    name: domain,
    type: 'CAA',
    found: records.map(textOf),
    wanted,
  });
  const add = (parameter = ''): string => `0 ${verdict.tag} "${identity}${parameter}"`;
  switch (verdict.is) {
    case 'critical':
      return found('caa-critical', `${there} have the critical tag "${named}", which no CA knows`, {
        record: record(null),
      });
    case 'account':
      return found(
        'caa-account',
        accountUrl === null
          ? `${there} bind ${authority.label} to the account ${named}, and there is no account yet`
          : `${there} bind ${authority.label} to the account ${named}; the certificate is ordered by ${accountUrl}`,
        accountUrl === null
          ? { record: record(null) }
          : {
              mend: `set accounturi=${accountUrl} in the record, or take accounturi out of it`,
              record: record(add(`; accounturi=${accountUrl}`)),
            },
      );
    case 'method':
      return found(
        'caa-method',
        `${there} allow ${named || 'no challenge'}, and the name is proven by ${challenge}`,
        {
          mend: `add ${challenge} to validationmethods in the record, or take validationmethods out of it`,
          record: record(add(`; validationmethods=${[...verdict.named, challenge].join(',')}`)),
        },
      );
    case 'other-ca':
    case 'allowed':
      return found('caa-forbids', `${there} do not let ${authority.label} issue`, {
        mend: `add the record ${domain}. CAA ${add()}, or remove all CAA records there`,
        record: record(add()),
      });
  }
}

function textOf({ isCritical, tag, value }: CaaRecord): string {
  return `${isCritical ? '128' : '0'} ${tag} "${value}"`;
}

function shown(records: readonly CaaRecord[]): string {
  const texts = records.slice(0, 4).map(textOf);
  return records.length > 4 ? `${texts.join(', ')}, …` : texts.join(', ');
}
