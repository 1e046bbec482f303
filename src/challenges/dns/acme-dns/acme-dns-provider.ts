import type { Clock } from '../../../clock.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { type Credentials, credentialsFrom } from '../credentials.ts';
import type { DnsProvider, DnsRecord } from '../provider.ts';
import { paceOf } from '../provider-pace.ts';
import { postJson } from '../web-request.ts';
import { accountsIn, type AcmeDnsAccount } from './accounts.ts';

const timeoutMs = 30_000;

/**
 * acme-dns: `POST /update` with the account of the domain. The server holds the last two values of an account, so that a name and its wildcard
 * find room, and lets nobody take one away: what was put up goes when the next ones come.
 * @param accountsFile the accounts by domain; null: `ACME_DNS_STORAGE_PATH` names it
 */
export async function acmeDnsProvider(
  accountsFile: string | null,
  { clock }: { clock: Clock },
): Promise<DnsProvider> {
  const environment = await credentialsFrom(null);
  const file = accountsFile ?? (await environment.required('ACME_DNS_STORAGE_PATH'));
  const usualServer = await environment.valueOf('ACME_DNS_API_BASE');
  const accounts = await accountsIn(file);
  return {
    async add(record, signal) {
      const account = accountFor(record, accounts, file);
      const url = updateUrl(account, usualServer, file);
      const ask = paceOf(`acme-dns ${url.host}`, { clock });
      const headers = { 'X-Api-User': account.username, 'X-Api-Key': account.password };
      const body = { subdomain: account.subdomain, txt: record.value };
      const request = { url, headers, body, timeoutMs, who: 'the acme-dns server' };
      await ask(() => postJson(request, credentialsOf(account), signal), signal);
      return null;
    },
    remove: () => Promise.resolve(),
  };
}

/**
 * The account of the domain, or the one that the alias leads to.
 * @throws AcmeLedgerError `solver` for a domain without one, and for an alias that doesn't lead to its account: the CA would look elsewhere
 */
function accountFor(
  { name, answer }: DnsRecord,
  accounts: ReadonlyMap<string, AcmeDnsAccount>,
  file: string,
): AcmeDnsAccount {
  const domain = answer.identifier.value;
  const leadsTo = [...accounts.values()].find(({ fulldomain }) => isSame(fulldomain, name));
  if (leadsTo !== undefined) return leadsTo;
  const own = accounts.get(domain) ?? accounts.get(`*.${domain}`);
  if (own === undefined) {
    throw new AcmeLedgerError('solver', `${printable(file)} has no acme-dns account for ${domain}`, {
      hint:
        'register one at the server (curl -X POST https://SERVER/register), put what it answers into that file under the name, ' +
        'and let its _acme-challenge lead to the fulldomain with a CNAME',
    });
  }
  throw new AcmeLedgerError(
    'solver',
    `_acme-challenge.${domain} doesn't lead to the acme-dns account of ${domain}, but to ${printable(name)}`,
    { hint: `set this record: _acme-challenge.${domain}. CNAME ${printable(own.fulldomain)}.` },
  );
}

function isSame(one: string, other: string): boolean {
  const bare = (name: string): string => name.toLowerCase().replace(/\.$/, '');
  return bare(one) === bare(other);
}

function updateUrl({ server_url: own }: AcmeDnsAccount, usual: string | null, file: string): URL {
  const server = own === undefined || own === '' ? usual : own;
  const base = server !== null && URL.canParse(server) ? new URL(server) : null;
  if (base !== null && /^https?:$/.test(base.protocol)) {
    base.pathname = `${base.pathname.replace(/\/$/, '')}/update`;
    return base;
  }
  throw new AcmeLedgerError('solver', `nothing says which acme-dns server has the account`, {
    hint: `add "server_url" to the account in ${printable(file)}, or set ACME_DNS_API_BASE`,
  });
}

function credentialsOf({ username, password }: AcmeDnsAccount): Pick<Credentials, 'shown'> {
  return {
    shown: (text) => printable(text.replaceAll(password, '***').replaceAll(username, '***')).slice(0, 300),
  };
}
