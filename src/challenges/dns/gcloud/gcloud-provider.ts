import type { Record as RecordSet, Zone } from '@google-cloud/dns';
import * as z from 'zod/mini';
import type { Clock } from '../../../clock.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import type { DnsProvider } from '../provider.ts';
import { type Rrset, rrsetProvider } from '../rrset-provider.ts';
import { gcloudProject, title } from './gcloud-project.ts';

interface ReadSet extends Rrset {
  set: RecordSet;
}

/** The part of a set's and of a change's metadata that is read. */
const readMetadata = z.object({
  rrdatas: z.optional(z.array(z.string())),
  ttl: z.optional(z.number()),
  routingPolicy: z.optional(z.unknown()),
});
const changeMetadata = z.tuple([z.object({ status: z.string() })], z.unknown());

/** A set is deleted as it was read and made anew in one change: the change fails when somebody changed it meanwhile. */
export async function gcloudProvider(
  credentialsFile: string | null,
  parts: { clock: Clock },
): Promise<DnsProvider> {
  const { zoneOf, request } = await gcloudProject(credentialsFile, parts);
  return rrsetProvider<ReadSet>(
    {
      title,
      async read(name, signal) {
        const zone = await zoneOf(name, signal);
        const [sets] = await request(() => zone.getRecords({ name: `${name}.`, type: 'TXT' }), signal);
        const [set] = sets;
        return set === undefined ? null : readSet(name, set);
      },
      async replace(name, before, after, signal) {
        const zone = await zoneOf(name, signal);
        const changes = {
          ...(before === null ? {} : { delete: before.set }),
          ...(after === null ? {} : { add: setOf(zone, name, after) }),
        };
        const [change] = await request(() => zone.createChange(changes), signal);
        return {
          async isPublished(waiting) {
            const answer = await request(async (): Promise<unknown> => change.getMetadata(), waiting);
            return changeMetadata.parse(answer)[0].status === 'done';
          },
        };
      },
    },
    parts,
  );
}

/** @throws AcmeLedgerError `solver` for a set that answers are chosen from: none of its values is ours */
function readSet(name: string, set: RecordSet): ReadSet {
  const { rrdatas = [], ttl = 0, routingPolicy } = readMetadata.parse(set.metadata);
  if (routingPolicy === undefined) return { values: rrdatas, ttlSeconds: ttl, set };
  throw new AcmeLedgerError(
    'solver',
    `${printable(name)} has TXT records with a routing policy at ${title}, which are left alone`,
    { hint: 'remove them, or let _acme-challenge lead elsewhere with a CNAME' },
  );
}

function setOf(zone: Zone, name: string, { values, ttlSeconds }: Rrset): RecordSet {
  return zone.record('TXT', { name: `${name}.`, data: values, ttl: ttlSeconds });
}
