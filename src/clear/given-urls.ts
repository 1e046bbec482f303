import { acmeUrlAt } from '../clients/logs/acme-url-forms.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { FoundUrl } from './kept-urls.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from '../run/run-context.ts';

/**
 * Refuses URLs of another server than the CA that was named: signed requests go to these addresses, so they
 * must be at the CA's own host and protocol.
 * @throws AcmeLedgerError `usage`
 */
export async function assertAuthorizationUrls(
  context: CommandContext,
  urls: readonly string[],
): Promise<void> {
  if (urls.length === 0) return;
  if (!context.settings.caGiven) {
    throw new AcmeLedgerError('usage', 'which account do these authorizations belong to?', {
      hint: 'name its CA: acme-ledger authz clear --ca NAME|URL URL…',
    });
  }
  const { origin } = new URL(authorityOf(context.settings.ca).directoryUrl);
  const foreign = urls.find((url) => !URL.canParse(url) || new URL(url).origin !== origin);
  if (foreign === undefined) return;
  throw new AcmeLedgerError('usage', `${printable(foreign)} isn't a URL of ${origin}`, {
    hint: 'give the URLs of authorizations, orders or challenges as the CA wrote them',
  });
}

/** @returns the given URLs, when not each of them is an authorization's by its words; null when all are */
export function resourcesGiven(urls: readonly string[]): FoundUrl[] | null {
  const forms = [...new Set(urls)].map((url) => {
    const form = acmeUrlAt(url, 0);
    return { url, resource: [form?.url, form?.written].includes(url) ? (form?.resource ?? null) : null };
  });
  if (forms.every(({ resource }) => resource === 'authorization')) return null;
  return forms.map(({ url, resource }) => {
    return { url, resource: resource ?? 'authorization', client: null, file: '', loggedAt: null };
  });
}
