import type { Looked, Resolver } from './resolver.ts';

/** A CAA record (RFC 8659 §4.1). */
export interface CaaRecord {
  isCritical: boolean;
  /** In small letters. */
  tag: string;
  value: string;
}

/** The CAA records that count for a name, and where they are. */
export type CaaSet =
  | { is: 'found'; domain: string; records: CaaRecord[] }
  | { is: 'none' }
  | { is: 'failed'; domain: string; looked: Looked };

/** Climbs from the name towards the root: the first records that are found count (RFC 8659 §3). */
export async function caaFor(name: string, resolver: Resolver): Promise<CaaSet> {
  const labels = name.split('.');
  for (let cut = 0; cut < labels.length; cut += 1) {
    const domain = labels.slice(cut).join('.');
    const looked = await resolver.look(domain, 'CAA');
    if (looked.is === 'failed' || looked.is === 'silent') return { is: 'failed', domain, looked };
    if (looked.is !== 'found') continue;
    const records = looked.records.flatMap((record) =>
      record.type === 'CAA'
        ? [
            {
              isCritical: record.data.issuerCritical === true,
              tag: record.data.tag.toLowerCase(),
              value: record.data.value,
            },
          ]
        : [],
    );
    if (records.length > 0) return { is: 'found', domain, records };
  }
  return { is: 'none' };
}

/** The tags that IANA knows; a critical record with any other forbids every CA to issue. */
const knownTags: ReadonlySet<string> = new Set([
  'issue',
  'issuewild',
  'iodef',
  'issuemail',
  'issuevmc',
  'contactemail',
  'contactphone',
  // Reserved, or of older drafts: what a CA makes of these isn't certain.
  'auth',
  'path',
  'policy',
]);

export interface CaaQuestion {
  isWildcard: boolean;
  /** The CA's names. */
  identities: readonly string[];
  accountUrl: string | null;
  /** Null where it isn't known by which the CA has validated the name. */
  method: string | null;
}

/** Why records forbid a certificate; `allowed` otherwise. `named` has the values that would have allowed it. */
export interface CaaVerdict {
  is: 'allowed' | 'critical' | 'other-ca' | 'account' | 'method';
  named: string[];
  /** The tag that decides. */
  tag: 'issue' | 'issuewild';
}

/** Judges records as a CA does (RFC 8659 §4.2, §4.3, RFC 8657). */
export function judgeCaa(records: readonly CaaRecord[], question: CaaQuestion): CaaVerdict {
  const tag =
    question.isWildcard && records.some((record) => record.tag === 'issuewild') ? 'issuewild' : 'issue';
  const unknown = records.filter((record) => record.isCritical && !knownTags.has(record.tag));
  if (unknown.length > 0) return { is: 'critical', named: unknown.map((record) => record.tag), tag };
  const deciding = records.filter((record) => record.tag === tag);
  if (deciding.length === 0) return { is: 'allowed', named: [], tag };
  const values = deciding.flatMap(({ value }) => parseIssue(value) ?? []);
  const ours = values.filter(({ domain }) => question.identities.includes(domain));
  if (ours.length === 0) return { is: 'other-ca', named: deciding.map(({ value }) => value), tag };
  const bound = ours.filter(({ parameters }) => isForAccount(parameters, question.accountUrl));
  if (bound.length === 0) return { is: 'account', named: valuesOf(ours, 'accounturi'), tag };
  const fit = bound.filter(({ parameters }) => isForMethod(parameters, question.method));
  if (fit.length === 0) return { is: 'method', named: valuesOf(bound, 'validationmethods'), tag };
  return { is: 'allowed', named: [], tag };
}

interface IssueValue {
  domain: string;
  parameters: { tag: string; value: string }[];
}

/** Null for a value that can't be read: it allows nobody (RFC 8659 §4.2). */
function parseIssue(value: string): IssueValue | null {
  const [domain = '', ...rest] = value.split(';').map((part) => part.trim());
  if (!/^[\w.-]*$/.test(domain)) return null;
  const parameters = [];
  for (const part of rest.filter((each) => each !== '')) {
    const [, tag = '', given = ''] = /^([\w-]+)\s*=\s*([\x21-\x3a\x3c-\x7e]*)$/.exec(part) ?? [];
    if (tag === '') return null;
    parameters.push({ tag: tag.toLowerCase(), value: given });
  }
  return { domain: domain.toLowerCase(), parameters };
}

function isForAccount(parameters: IssueValue['parameters'], accountUrl: string | null): boolean {
  const named = parameters.filter(({ tag }) => tag === 'accounturi');
  const [only] = named;
  if (only === undefined) return true;
  // RFC 8657 §3: more than one of them names no account at all.
  return named.length === 1 && accountUrl !== null && only.value === accountUrl;
}

function isForMethod(parameters: IssueValue['parameters'], method: string | null): boolean {
  const named = parameters.filter(({ tag }) => tag === 'validationmethods');
  if (named.length === 0 || method === null) return true;
  return named.some(({ value }) => value.split(',').includes(method));
}

function valuesOf(values: readonly IssueValue[], wanted: string): string[] {
  return values.flatMap(({ parameters }) =>
    parameters.filter(({ tag }) => tag === wanted).map(({ value }) => value),
  );
}
