import { AcmeLedgerError } from '../../errors.ts';
import type { Authority } from './authorities.ts';
import { authorityOf } from './authorities.ts';

/** Stagings by the CA that they are one of; both are built in. */
const builtIn: ReadonlyMap<string | null, string> = new Map([
  ['letsencrypt', 'letsencrypt-staging'],
  ['google', 'google-staging'],
]);

/** Whether a CA is a staging itself, so that nothing is rehearsed for it. */
export function isStaging({ name, directoryUrl }: Authority, given: string | null): boolean {
  return (
    (name !== null && [...builtIn.values()].includes(name)) ||
    (given !== null && authorityOf(given).directoryUrl === directoryUrl)
  );
}

/**
 * The staging of a CA, for `--staging`; one that is a staging already is its own.
 * @param given `--rehearsal-ca`: for CAs whose staging isn't built in
 * @throws AcmeLedgerError `usage` when there is no such place
 */
export function stagingAuthority(authority: Authority, given: string | null): Authority {
  if (isStaging(authority, given)) return authority;
  const staging = builtIn.get(authority.name) ?? given;
  if (staging !== null) return authorityOf(staging);
  throw new AcmeLedgerError('usage', `${authority.label} has no staging that acme-ledger knows of`, {
    hint: `${[...builtIn.keys()].join(' and ')} have one; that of another CA is chosen by --ca with its directory URL`,
  });
}

/**
 * The staging at which orders for this CA are rehearsed.
 * @param given `--rehearsal-ca`: for CAs whose staging isn't built in
 * @throws AcmeLedgerError `usage` when there is no such place
 */
export function rehearsalAuthority(authority: Authority, given: string | null): Authority {
  if (isStaging(authority, given)) {
    throw new AcmeLedgerError(
      'usage',
      `${authority.label} is a staging itself: nothing is rehearsed for it`,
      {
        hint: 'leave --rehearse out',
      },
    );
  }
  const staging = builtIn.get(authority.name) ?? given;
  if (staging !== null) return authorityOf(staging);
  throw new AcmeLedgerError('usage', `${authority.label} has no staging that acme-ledger knows of`, {
    hint: 'give its directory URL with --rehearsal-ca, or leave --rehearse out',
  });
}
