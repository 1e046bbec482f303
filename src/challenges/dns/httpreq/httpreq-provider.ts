import type { Clock } from '../../../clock.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import { checkedToken } from '../../answer-values.ts';
import { type Credentials, credentialsFrom } from '../credentials.ts';
import type { DnsProvider, DnsRecord } from '../provider.ts';
import { paceOf } from '../provider-pace.ts';
import { postJson } from '../web-request.ts';

const usualTimeoutSeconds = 30;

/** lego's provider httpreq: `POST ENDPOINT/present` and `/cleanup`, by the variables HTTPREQ_*. */
export async function httpreqProvider(
  credentialsFile: string | null,
  { clock }: { clock: Clock },
): Promise<DnsProvider> {
  const credentials = await credentialsFrom(credentialsFile);
  const endpoint = endpointOf(await credentials.required('HTTPREQ_ENDPOINT'));
  const isRaw = (await credentials.valueOf('HTTPREQ_MODE'))?.toUpperCase() === 'RAW';
  const headers = await authorizationOf(credentials, endpoint);
  const seconds = Number((await credentials.valueOf('HTTPREQ_HTTP_TIMEOUT')) ?? usualTimeoutSeconds);
  const timeoutMs = (seconds > 0 ? seconds : usualTimeoutSeconds) * 1000;
  const ask = paceOf(`httpreq ${endpoint.host}`, { clock });
  const post = async (act: 'present' | 'cleanup', record: DnsRecord, signal: AbortSignal): Promise<void> => {
    const url = new URL(endpoint);
    url.pathname = `${endpoint.pathname.replace(/\/$/, '')}/${act}`;
    const body = isRaw ? rawBody(record) : { fqdn: `${record.name}.`, value: record.value };
    const request = { url, headers, body, timeoutMs, who: 'the httpreq server' };
    await ask(() => postJson(request, credentials, signal), signal);
  };
  return {
    async add(record, signal) {
      await post('present', record, signal);
      return null;
    },
    async remove(record, signal) {
      await post('cleanup', record, signal);
    },
  };
}

function rawBody({ answer }: DnsRecord): object {
  return { domain: answer.identifier.value, token: checkedToken(answer), keyAuth: answer.keyAuthorization };
}

/** @throws AcmeLedgerError `solver`; the text may have a password in it, and isn't shown */
function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new AcmeLedgerError('solver', "HTTPREQ_ENDPOINT isn't a URL", {
    hint: 'as in https://dns.example.com/acme',
  });
}

/** Basic authentication, by the variables or else the URL; fetch takes no URL with a password in it. */
async function authorizationOf(credentials: Credentials, endpoint: URL): Promise<Record<string, string>> {
  const user = (await credentials.valueOf('HTTPREQ_USERNAME')) ?? decodeURIComponent(endpoint.username);
  const password = (await credentials.valueOf('HTTPREQ_PASSWORD')) ?? decodeURIComponent(endpoint.password);
  endpoint.username = '';
  endpoint.password = '';
  if (user === '' || password === '') return {};
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
