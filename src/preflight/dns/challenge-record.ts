import type { CheckParts } from '../check-parts.ts';
import { type Found, found } from '../finding.ts';
import type { Subject } from '../subject.ts';
import { bogus } from './caa.ts';
import { isBogus } from './dnssec.ts';
import { type Looked, textsOf } from './resolver.ts';
import { zoneOf } from './zone.ts';

/** Values beyond which an answer gets too large for some resolvers. */
const manyValues = 20;

/** What is at `_acme-challenge` before the answer is put up. @param own the values that this ledger has up */
export async function checkChallengeRecord(
  { base }: Subject,
  parts: CheckParts,
  own: ReadonlySet<string>,
): Promise<Found[]> {
  const name = `_acme-challenge.${base}`;
  const [alias, values] = await Promise.all([
    parts.resolver.look(name, 'CNAME'),
    parts.resolver.look(name, 'TXT'),
  ]);
  if (await isBogus(name, 'TXT', parts.resolver)) return [bogus(base)];
  const [target] = textsOf(alias);
  return [
    ...(target === undefined
      ? await zoneThere(base, values, parts)
      : await aliasFindings(name, target, parts)),
    ...leftOver(name, values, own),
    ...(await doubled(base, parts)),
  ];
}

async function zoneThere(base: string, values: Looked, parts: CheckParts): Promise<Found[]> {
  if (values.is === 'failed' || values.is === 'silent') {
    const how = values.is === 'failed' ? values.rcode : 'no answer';
    return [found('dns-fails', `_acme-challenge.${base} can not be looked up: ${how}`)];
  }
  const zone = await zoneOf(base, parts);
  if (zone === null || zone.name.includes('.') || !base.includes('.')) return [];
  const domain = base.split('.').slice(-2).join('.');
  const looked = await parts.resolver.look(domain, 'SOA');
  if (looked.is !== 'no-name') return [];
  return [
    found(
      'domain-missing',
      `${domain} is not in the DNS (NXDOMAIN): there is no zone for the answer to ${base}`,
    ),
  ];
}

async function aliasFindings(name: string, target: string, parts: CheckParts): Promise<Found[]> {
  const record = { name, type: 'CNAME', found: [target], wanted: null };
  const seen = [name];
  let end = target;
  for (;;) {
    if (seen.includes(end) || seen.length > 10)
      return [
        found('record-alias-broken', `${name} is an alias that leads in a circle: ${target}`, { record }),
      ];
    seen.push(end);
    const [next] = textsOf(await parts.resolver.look(end, 'CNAME'));
    if (next === undefined) break;
    end = next;
  }
  const zone = await zoneOf(end, parts);
  const isNowhere = zone === null || !zone.name.includes('.');
  const looked = await parts.resolver.look(end, 'TXT');
  if (looked.is === 'failed' || (isNowhere && looked.is === 'no-name' && zone !== null))
    return [
      found('record-alias-broken', `${name} is an alias of ${end}, which lies in no zone that answers`, {
        record,
      }),
    ];
  return [found('record-alias', `${name} is an alias of ${end}: the answer is looked for there`, { record })];
}

function leftOver(name: string, values: Looked, own: ReadonlySet<string>): Found[] {
  if (values.is !== 'found') return [];
  const texts = values.records.flatMap((record) => (record.type === 'TXT' ? [txtOf(record.data)] : []));
  const others = texts.filter((text) => !own.has(text));
  if (others.length === 0) return [];
  const shown = others.slice(0, 3).map((text) => `"${text.slice(0, 60)}"`);
  const many = others.length > manyValues ? ', too many for one answer' : '';
  return [
    found(
      'record-left-over',
      `${name} has ${String(others.length)} TXT ${others.length === 1 ? 'value' : 'values'} that this ledger did not put there${many}: ${shown.join(', ')}`,
      { record: { name, type: 'TXT', found: others, wanted: null } },
    ),
  ];
}

function txtOf(data: string | Buffer | (string | Buffer)[]): string {
  return (Array.isArray(data) ? data : [data]).map(String).join('');
}

/** Hooks and forms that add the domain to a name that has it already. */
async function doubled(base: string, parts: CheckParts): Promise<Found[]> {
  const zone = await zoneOf(base, parts);
  if (zone === null || !zone.name.includes('.')) return [];
  const name = `_acme-challenge.${base}.${zone.name}`;
  const wild = `acme-ledger-check.${base}.${zone.name}`;
  const [looked, other] = await Promise.all([
    parts.resolver.look(name, 'TXT'),
    parts.resolver.look(wild, 'TXT'),
  ]);
  // A wildcard record is at any name.
  if (looked.is !== 'found' || other.is === 'found') return [];
  return [
    found('record-doubled', `there is a TXT record at ${name}: the domain is in its name twice`, {
      record: { name, type: 'TXT', found: [], wanted: null },
    }),
  ];
}
