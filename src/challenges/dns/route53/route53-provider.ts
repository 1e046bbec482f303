import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { Clock } from '../../../clock.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { credentialsFrom } from '../credentials.ts';
import type { DnsProvider } from '../provider.ts';
import { type Rrset, rrsetProvider } from '../rrset-provider.ts';
import { vendorPackage } from '../vendor-package.ts';
import { route53Requests, title } from './route53-requests.ts';
import { zonesAtRoute53 } from './route53-zones.ts';

interface ReadSet extends Rrset {
  set: ResourceRecordSet;
}

/** A set is deleted as it was read and made anew in one batch: the batch fails when somebody changed it meanwhile. */
export async function route53Provider(
  credentialsFile: string | null,
  { clock }: { clock: Clock },
): Promise<DnsProvider> {
  const aws = await vendorPackage(
    { name: '@aws-sdk/client-route-53', version: 3 },
    () => import('@aws-sdk/client-route-53'),
  );
  const credentials = await credentialsFrom(credentialsFile);
  const account = await route53Requests(aws, credentialsFile, { credentials, clock });
  const { client, request } = account;
  const zoneOf = await zonesAtRoute53(aws, account);
  return rrsetProvider<ReadSet>(
    {
      title,
      async read(name, signal) {
        const HostedZoneId = await zoneOf(name, signal);
        const start = { StartRecordName: `${name}.`, StartRecordType: 'TXT' } as const;
        const command = new aws.ListResourceRecordSetsCommand({ HostedZoneId, ...start });
        const { ResourceRecordSets: sets } = await request(
          () => client.send(command, { abortSignal: signal }),
          signal,
        );
        return readSet(name, sets ?? []);
      },
      async replace(name, before, after, signal) {
        const command = new aws.ChangeResourceRecordSetsCommand({
          HostedZoneId: await zoneOf(name, signal),
          ChangeBatch: {
            Changes: [
              ...(before === null ? [] : [{ Action: 'DELETE' as const, ResourceRecordSet: before.set }]),
              ...(after === null
                ? []
                : [{ Action: 'CREATE' as const, ResourceRecordSet: setOf(name, after) }]),
            ],
          },
        });
        const { ChangeInfo } = await request(() => client.send(command, { abortSignal: signal }), signal);
        const status = new aws.GetChangeCommand({ Id: ChangeInfo?.Id });
        return {
          async isPublished(waiting) {
            const answer = await request(() => client.send(status, { abortSignal: waiting }), waiting);
            return answer.ChangeInfo?.Status === 'INSYNC';
          },
        };
      },
    },
    { clock },
  );
}

/** @throws AcmeLedgerError `solver` for sets that answers are chosen from: each has a part of the traffic, and none is ours */
function readSet(name: string, sets: readonly ResourceRecordSet[]): ReadSet | null {
  const own = sets.filter(
    ({ Name, Type }) => Type === 'TXT' && Name?.toLowerCase() === `${name}.`.toLowerCase(),
  );
  if (own.some(({ SetIdentifier }) => SetIdentifier !== undefined)) {
    throw new AcmeLedgerError(
      'solver',
      `${printable(name)} has TXT records with a routing policy at ${title}, which are left alone`,
      { hint: 'remove them, or let _acme-challenge lead elsewhere with a CNAME' },
    );
  }
  const [set] = own;
  if (set === undefined) return null;
  const values = (set.ResourceRecords ?? []).flatMap(({ Value }) => Value ?? []);
  return { values, ttlSeconds: set.TTL ?? 0, set };
}

function setOf(name: string, { values, ttlSeconds }: Rrset): ResourceRecordSet {
  const ResourceRecords = values.map((Value) => ({ Value }));
  return { Name: `${name}.`, Type: 'TXT', TTL: ttlSeconds, ResourceRecords };
}
