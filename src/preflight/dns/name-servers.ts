import { isSameName } from '../../challenges/visibility/dns-message.ts';
import { ServerSilence } from '../../challenges/visibility/dns-query.ts';
import type { CheckParts } from '../check-parts.ts';
import { type Found, found } from '../finding.ts';
import { type Subject, isProvenAtHost } from '../subject.ts';
import { lookedOf } from './resolver.ts';
import { type Zone, askDirectly, delegatedServers, zoneOf } from './zone.ts';

/** How one address of a name server stands. */
type Standing =
  | { is: 'well'; serial: number }
  | { is: 'lame'; why: string }
  | { is: 'silent'; why: string }
  | { is: 'unseen' };

interface Stood {
  server: string;
  address: string;
  standing: Standing;
}

/** Zones are looked at once a run, however many names lie in them. */
export type ZoneLooks = Map<string, Promise<{ findings: Found[]; well: Stood[] }>>;

/** Whether the name servers of the zone answer, have it, and say the same of the name. */
export async function checkNameServers(
  subject: Subject,
  parts: CheckParts,
  looks: ZoneLooks,
): Promise<Found[]> {
  const zone = await zoneOf(subject.base, parts);
  // The root and the registries' zones are nobody's to mend here.
  if (zone === null || !zone.name.includes('.')) return [];
  const look = looks.get(zone.name) ?? lookAt(zone, parts);
  looks.set(zone.name, look);
  const { findings, well } = await look;
  return [...findings, ...(await disagreement(subject, well, parts))];
}

async function lookAt(zone: Zone, parts: CheckParts): Promise<{ findings: Found[]; well: Stood[] }> {
  const stood = await Promise.all(
    zone.servers.flatMap(({ name, addresses }) =>
      addresses.map(async (address) => ({
        server: name,
        address,
        standing: await standingOf(zone.name, address, parts),
      })),
    ),
  );
  if (stood.some(({ standing }) => standing.is === 'unseen')) parts.machine.noteNoIpv6();
  const well = stood.filter(({ standing }) => standing.is === 'well');
  const seen = stood.filter(({ standing }) => standing.is !== 'unseen');
  const homeless = zone.servers
    .filter(({ addresses }) => addresses.length === 0)
    .map(({ name }) => found('ns-silent', `${name}, a name server of ${zone.name}, has no address`));
  if (well.length === 0 && seen.length > 0) {
    if (await isCutOff(parts)) return { findings: [], well: [] };
    return { findings: [none(zone, seen)], well };
  }
  const findings = [...homeless, ...seen.flatMap((each) => fault(zone.name, each)), ...serials(zone, well)];
  return { findings: [...findings, ...(await delegation(zone, parts))], well };
}

async function standingOf(zone: string, address: string, parts: CheckParts): Promise<Standing> {
  const reply = await askDirectly(address, { name: zone, type: 'SOA' }, parts);
  if (reply instanceof ServerSilence)
    return reply.reason === 'unreachable' ? { is: 'unseen' } : { is: 'silent', why: reply.message };
  if (reply.rcode !== 'NOERROR') return { is: 'lame', why: `it answers ${reply.rcode}` };
  const soa = reply.answers.find((record) => record.type === 'SOA' && isSameName(record.name, zone));
  if (soa?.type !== 'SOA' || !reply.isAuthoritative) return { is: 'lame', why: 'it has not the zone' };
  return { is: 'well', serial: soa.data.serial ?? 0 };
}

/** Whether no name server at all can be asked from here: not even those of the registry answer. */
async function isCutOff(parts: CheckParts): Promise<boolean> {
  const top = await zoneOf('com', parts);
  const [address] = top?.servers.flatMap(({ addresses }) => addresses) ?? [];
  if (address === undefined || top?.name !== 'com') return false;
  const reply = await askDirectly(address, { name: 'com', type: 'SOA' }, parts);
  if (!(reply instanceof ServerSilence)) return false;
  parts.machine.note('dns', 'this machine can ask no name servers but its resolver: they were not looked at');
  return true;
}

function none(zone: Zone, seen: readonly Stood[]): Found {
  const each = seen.slice(0, 4).map(({ server, address, standing }) => whoAndWhy(server, address, standing));
  return found('ns-none', `no name server of ${zone.name} answers for it: ${each.join('; ')}`);
}

function whoAndWhy(server: string, address: string, standing: Standing): string {
  return `${server} (${address}): ${'why' in standing ? standing.why : ''}`;
}

function fault(zone: string, { server, address, standing }: Stood): Found[] {
  const who = `${server} (${address}), a name server of ${zone},`;
  if (standing.is === 'silent') return [found('ns-silent', `${who} does not answer: ${standing.why}`)];
  if (standing.is === 'lame') return [found('ns-lame', `${who} does not serve it: ${standing.why}`)];
  return [];
}

function serials(zone: Zone, well: readonly Stood[]): Found[] {
  const told = new Map<number, string>();
  for (const { server, standing } of well) if (standing.is === 'well') told.set(standing.serial, server);
  if (told.size < 2) return [];
  const each = [...told].map(([serial, server]) => `${server} ${String(serial)}`).join(', ');
  return [found('ns-serials', `the name servers of ${zone.name} have different versions of it: ${each}`)];
}

async function delegation(zone: Zone, parts: CheckParts): Promise<Found[]> {
  const above = await delegatedServers(zone, parts);
  const own = zone.servers.map(({ name }) => name);
  if (above === null || above.join(' ') === own.join(' ')) return [];
  return [
    found(
      'delegation-differs',
      `the registry delegates ${zone.name} to ${above.join(', ')}; the zone itself names ${own.join(', ')}`,
      { record: { name: zone.name, type: 'NS', found: above, wanted: own.join(', ') } },
    ),
  ];
}

/** Servers of which one has the name, and another hasn't: a CA that meets the other fails. */
async function disagreement(subject: Subject, well: readonly Stood[], parts: CheckParts): Promise<Found[]> {
  const { base } = subject;
  if (!isProvenAtHost(subject) || well.length < 2) return [];
  const answers = await Promise.all(
    well.map(async ({ server, address }) => ({
      server,
      isThere: (
        await Promise.all(
          (['A', 'AAAA'] as const).map((type) => isThere(address, { name: base, type }, parts)),
        )
      ).some((each) => each),
    })),
  );
  const having = answers.filter(({ isThere: has }) => has);
  const lacking = answers.filter(({ isThere: has }) => !has);
  if (having.length === 0 || lacking.length === 0) return [];
  const message = `${having[0]?.server ?? ''} has an address for ${base}, ${lacking[0]?.server ?? ''} has none`;
  return [found('ns-disagree', message)];
}

async function isThere(
  address: string,
  question: { name: string; type: 'A' | 'AAAA' },
  parts: CheckParts,
): Promise<boolean> {
  const reply = await askDirectly(address, question, parts);
  // One that just answered and doesn't now says nothing.
  if (reply instanceof ServerSilence) return true;
  const looked = lookedOf(reply, question);
  return looked.is === 'found' || ('aliases' in looked && looked.aliases.length > 0);
}
