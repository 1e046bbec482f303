import type { HostedZone } from '@aws-sdk/client-route-53';
import { zoneSearch } from '../zone-search.ts';
import { type AwsPackage, type Route53Account, title } from './route53-requests.ts';

/** A function that finds the id of the public zone of a record; `AWS_HOSTED_ZONE_ID` may say it. */
export async function zonesAtRoute53(
  aws: AwsPackage,
  { client, credentials, request }: Route53Account,
): Promise<(name: string, signal: AbortSignal) => Promise<string>> {
  const given = await credentials.valueOf('AWS_HOSTED_ZONE_ID');
  if (given !== null) return () => Promise.resolve(given);
  return zoneSearch(title, async (candidate, signal) => {
    const command = new aws.ListHostedZonesByNameCommand({ DNSName: `${candidate}.`, MaxItems: 10 });
    const { HostedZones: zones = [] } = await request(
      () => client.send(command, { abortSignal: signal }),
      signal,
    );
    return zones.find((zone) => isPublicZone(zone, candidate))?.Id ?? null;
  });
}

function isPublicZone({ Name, Config }: HostedZone, candidate: string): boolean {
  return Name?.toLowerCase() === `${candidate}.` && Config?.PrivateZone !== true;
}
