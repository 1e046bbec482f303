import type { APIError, Cloudflare, ClientOptions } from 'cloudflare';
import type { Clock } from '../../../clock.ts';
import { messageOf } from '../../../errors.ts';
import { type Credentials, credentialsFrom } from '../credentials.ts';
import type { DnsProvider, DnsRecord } from '../provider.ts';
import { paceOf, retryAfterMs } from '../provider-pace.ts';
import { type VendorFailure, vendorError } from '../vendor-failure.ts';
import { vendorPackage } from '../vendor-package.ts';
import { zoneSearch } from '../zone-search.ts';

const title = 'Cloudflare';
const rights = 'the permissions Zone:Read and DNS:Edit for the zone';
const timeoutMs = 30_000;
/** The least that all plans have. */
const ttlSeconds = 60;
/** More values at a name than a CA reads. */
const mostValues = 100;
/** "An identical record already exists", of different years. */
const identicalCodes: readonly number[] = [81_057, 81_058];

/** Each value is a record of its own: others at the name are never touched. */
export async function cloudflareProvider(
  credentialsFile: string | null,
  { clock }: { clock: Clock },
): Promise<DnsProvider> {
  const vendor = await vendorPackage({ name: 'cloudflare', version: 7 }, () => import('cloudflare'));
  const credentials = await credentialsFrom(credentialsFile);
  const signIn = await signInOf(credentials);
  const client = new vendor.Cloudflare({ ...signIn, maxRetries: 0, timeout: timeoutMs, logLevel: 'off' });
  const ask = paceOf(`${title} ${credentialsFile ?? ''}`, { clock });
  const request = <T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    ask(async () => {
      try {
        return await send();
      } catch (error) {
        signal.throwIfAborted();
        throw vendorError(failureOf(error, clock), { title, rights, credentials }, error);
      }
    }, signal);
  const zoneOf = zoneSearch(title, async (name, signal) => {
    const { result } = await request(async () => client.zones.list({ name }, { signal }), signal);
    return result.find((zone) => zone.name.toLowerCase() === name)?.id ?? null;
  });
  return {
    async add({ name, value }, signal) {
      const zone = await zoneOf(name, signal);
      const record = { zone_id: zone, type: 'TXT', name, content: `"${value}"`, ttl: ttlSeconds } as const;
      await request(async () => {
        try {
          await client.dns.records.create(record, { signal });
        } catch (error) {
          if (!isIdentical(error)) throw error;
        }
      }, signal);
      return null;
    },
    async remove(record, signal) {
      const zone = await zoneOf(record.name, signal);
      const found = await request(
        async () =>
          client.dns.records.list(
            { zone_id: zone, type: 'TXT', name: { exact: record.name }, per_page: mostValues },
            { signal },
          ),
        signal,
      );
      for (const id of idsOf(found.result, record)) {
        await request(async () => {
          try {
            await client.dns.records.delete(id, { zone_id: zone }, { signal });
          } catch (error) {
            // Another process was faster.
            if (!isApiError(error) || error.status !== 404) throw error;
          }
        }, signal);
      }
    },
  };
}

/** A token, or the account's e-mail address with its global key; by the names of the client, of lego and of certbot. */
async function signInOf(credentials: Credentials): Promise<ClientOptions> {
  const baseURL = await credentials.valueOf('CLOUDFLARE_BASE_URL');
  const apiToken = await credentials.valueOf(
    'CLOUDFLARE_API_TOKEN',
    'CLOUDFLARE_DNS_API_TOKEN',
    'CF_DNS_API_TOKEN',
    'dns_cloudflare_api_token',
  );
  if (apiToken !== null) return { baseURL, apiToken, apiKey: null, apiEmail: null };
  const apiKey = await credentials.valueOf('CLOUDFLARE_API_KEY', 'CF_API_KEY', 'dns_cloudflare_api_key');
  const apiEmail = await credentials.valueOf('CLOUDFLARE_EMAIL', 'CF_API_EMAIL', 'dns_cloudflare_email');
  if (apiKey !== null && apiEmail !== null) return { baseURL, apiToken: null, apiKey, apiEmail };
  return { baseURL, apiToken: await credentials.required('CLOUDFLARE_API_TOKEN') };
}

/** The records with this value, whose quotes Cloudflare keeps as they were given. */
function idsOf(records: readonly Cloudflare.DNS.RecordResponse[], { name, value }: DnsRecord): string[] {
  return records
    .filter((each) => each.type === 'TXT' && each.name.toLowerCase() === name.toLowerCase())
    .filter(({ content }) => content === value || content === `"${value}"`)
    .map(({ id }) => id);
}

/** The client's own check needs its module, which only a solver in use loads. */
function isApiError(error: unknown): error is APIError {
  return error instanceof Error && 'status' in error && 'errors' in error && Array.isArray(error.errors);
}

function isIdentical(error: unknown): boolean {
  return (
    isApiError(error) && error.errors.some(({ code }) => code !== undefined && identicalCodes.includes(code))
  );
}

function failureOf(error: unknown, clock: Clock): VendorFailure {
  if (!isApiError(error)) return { kind: 'silent', said: messageOf(error), retryAfterMs: null };
  const { status, headers, errors } = error;
  const said = errors.map(({ code, message }) => `${message ?? ''} (${String(code)})`).join('; ');
  const retry = retryAfterMs(headers?.get('retry-after'), clock.wallNow());
  if (status === 429) return { kind: 'busy', said: said || 'too many requests', retryAfterMs: retry };
  if (status === undefined) return { kind: 'silent', said: causeOf(error), retryAfterMs: null };
  // 6003, 9109, 10000: a token of the wrong form, an unknown one, one without the right.
  const isDenied = status === 401 || status === 403 || errors.some(({ code }) => code === 6_003);
  return { kind: isDenied ? 'denied' : 'other', said: said || error.message, retryAfterMs: null };
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
