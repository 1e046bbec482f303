import type { Zone } from '@google-cloud/dns';
import * as z from 'zod/mini';
import type { Clock } from '../../../clock.ts';
import { messageOf } from '../../../errors.ts';
import { isRecord } from '../../../json-record.ts';
import { untilAborted } from '../../../system/until-aborted.ts';
import { type Credentials, credentialsFrom, secretFile } from '../credentials.ts';
import { type Ask, paceOf, retryAfterMs } from '../provider-pace.ts';
import { RrsetConflict } from '../rrset-provider.ts';
import { type VendorFailure, vendorError } from '../vendor-failure.ts';
import { vendorPackage } from '../vendor-package.ts';
import { zoneSearch } from '../zone-search.ts';

export interface GcloudProject {
  /** The public zone of a record. */
  zoneOf: (name: string, signal: AbortSignal) => Promise<Zone>;
  /** @throws RrsetConflict, AcmeLedgerError `solver` */
  request: Ask;
}

export const title = 'Google Cloud DNS';
const rights =
  'dns.managedZones.list, dns.resourceRecordSets.* and dns.changes.create and .get of the project: the role DNS Administrator has them';

const zoneMetadata = z.object({ dnsName: z.string(), visibility: z.optional(z.string()) });

/**
 * The project of a service account.
 * @param keyFile the account's JSON; null: the file that a variable names, or what the machine itself may do
 */
export async function gcloudProject(
  keyFile: string | null,
  { clock }: { clock: Clock },
): Promise<GcloudProject> {
  const { DNS } = await vendorPackage(
    { name: '@google-cloud/dns', version: 5 },
    () => import('@google-cloud/dns'),
  );
  const environment = await credentialsFrom(null);
  const keyFilename =
    keyFile ?? (await environment.valueOf('GCE_SERVICE_ACCOUNT_FILE', 'GOOGLE_APPLICATION_CREDENTIALS'));
  // The client takes a file that everybody may read.
  if (keyFilename !== null) await secretFile(keyFilename);
  const projectId = await environment.valueOf('GCE_PROJECT', 'GOOGLE_CLOUD_PROJECT');
  const dns = new DNS({
    ...(keyFilename === null ? {} : { keyFilename }),
    ...(projectId === null ? {} : { projectId }),
  });
  // Its own tries don't heed a Retry-After.
  dns.interceptors.push({ request: (options) => ({ uri: '', ...options, maxRetries: 0 }) });
  // The variable of gcloud itself, for a private endpoint.
  const endpoint = await environment.valueOf('CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS');
  if (endpoint !== null) dns.baseUrl = `${endpoint.replace(/\/$/, '')}/dns/v1`;
  const request = requestsOf(paceOf(`${title} ${keyFilename ?? ''}`, { clock }), environment, clock);
  let listing: Promise<Map<string, Zone>> | undefined;
  const zones = async (signal: AbortSignal): Promise<Map<string, Zone>> => {
    const [all] = await request(() => dns.getZones(), signal);
    return new Map(all.flatMap((zone) => publicZone(zone)));
  };
  return {
    request,
    zoneOf: zoneSearch(title, async (candidate, signal) => {
      listing ??= zones(signal);
      listing.catch(() => {
        listing = undefined;
      });
      return (await listing).get(candidate) ?? null;
    }),
  };
}

function publicZone(zone: Zone): [string, Zone][] {
  const { dnsName, visibility } = zoneMetadata.parse(zone.metadata);
  return visibility === 'private' ? [] : [[dnsName.replace(/\.$/, '').toLowerCase(), zone]];
}

function requestsOf(ask: Ask, credentials: Credentials, clock: Clock): Ask {
  return (send, signal) =>
    ask(async () => {
      try {
        // The client can't be told to stop.
        return await untilAborted(send, signal);
      } catch (error) {
        signal.throwIfAborted();
        const failure = failureOf(error, clock);
        if (failure === 'conflict') throw new RrsetConflict(messageOf(error), { cause: error });
        throw vendorError(failure, { title, rights, credentials }, error);
      }
    }, signal);
}

/** Reasons of a 403 that is no refusal. */
const busy = /rateLimitExceeded|quotaExceeded/i;

/** What the client threw: an error with the status of the answer as its code, or whatever a connection fails with. */
function failureOf(error: unknown, clock: Clock): VendorFailure | 'conflict' {
  const said = messageOf(error);
  const status = Number(memberOf(error, 'code') ?? memberOf(memberOf(error, 'response'), 'status'));
  const reasons = JSON.stringify(memberOf(error, 'errors') ?? '');
  if (status === 429 || status === 503 || (status === 403 && busy.test(reasons)))
    return { kind: 'busy', said, retryAfterMs: retryAfterMs(retryAfterOf(error), clock.wallNow()) };
  // Made, deleted or changed by somebody else between the look and the change.
  if (status === 409 || status === 412 || (status === 404 && /entity\.change/.test(`${said}${reasons}`)))
    return 'conflict';
  const isDenied =
    status === 401 || status === 403 || /invalid_grant|default credentials|PEM|private key/i.test(said);
  if (isDenied) return { kind: 'denied', said, retryAfterMs: null };
  return { kind: status >= 400 ? 'other' : 'silent', said, retryAfterMs: null };
}

function retryAfterOf(error: unknown): string | null {
  const headers = memberOf(memberOf(error, 'response'), 'headers');
  const value = headers instanceof Headers ? headers.get('retry-after') : memberOf(headers, 'retry-after');
  return typeof value === 'string' ? value : null;
}

function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
