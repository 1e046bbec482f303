import { hasCode } from '../../errors.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import type { CertificateRow } from '../schema.ts';

/** The certificate that a row wants; null where a column of it can't be read. */
export function wantedOf(row: CertificateRow) {
  return ifReadable(
    () => ({
      name: row.name,
      ca: row.ca,
      names: row.names,
      keyType: row.key_type,
      reuseKey: row.reuse_key,
      profile: row.profile === '' ? null : row.profile,
      preferredChain: row.preferred_chain,
      settings: row.settings,
      csr: row.csr === null ? null : Buffer.from(row.csr, 'base64'),
      deployHook: row.deploy_hook,
    }),
    null,
  );
}

/** Whether a row wants this set of names. */
export function hasNames(row: { names: readonly string[] }, names: readonly string[]): boolean {
  return ifReadable(() => namesKey(row.names) === namesKey(names), false);
}

function namesKey(names: readonly string[]): string {
  return identifierSetKey(names.map(parseName));
}

/** What `look` finds in a row; `otherwise` where a column of it can't be read. */
export function ifReadable<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (hasCode(error, 'ledger')) return otherwise;
    throw error;
  }
}
