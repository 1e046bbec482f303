import { AcmeLedgerError } from '../../errors.ts';
import { withMeant } from '../../foreign-words.ts';
import type { CaLimits } from '../../ca-limits.ts';
import { printable } from '../../printable.ts';
import { letsEncryptLimits, letsEncryptStagingLimits, noLimits } from './limits.ts';
import { assertDirectoryUrl } from '../objects/web-url.ts';

/** A CA, as far as acme-ledger knows it before it asks. */
export interface Authority {
  /** The name for `--ca`; null for a CA that isn't built in. */
  name: string | null;
  label: string;
  directoryUrl: string;
  /** Its names in CAA records by its documents, for as long as its directory wasn't read; empty where they aren't known. */
  caaIdentities: readonly string[];
  /** The policy for an authorization whose challenge was never submitted. */
  onUnsubmitted: 'deactivate' | 'resume';
  /** The gate's threshold for one account. */
  maxPending: number;
  /** The limits that the CA documents; the configuration may say otherwise. */
  limits: CaLimits;
}

// Below the 300 that Let's Encrypt had until 2024 and Buypass until its end; no CA publishes a limit today.
const maxPending = 250;

/** By the CAs' documents on CAA, as of 2026-08; a staging is called as its CA is. */
const caaNames: Readonly<Record<string, readonly string[]>> = {
  letsencrypt: ['letsencrypt.org'],
  zerossl: ['sectigo.com', 'trust-provider.com', 'usertrust.com', 'comodoca.com', 'comodo.com'],
  google: ['pki.goog'],
  sslcom: ['ssl.com'],
  actalis: ['actalis.it'],
};

const builtIn: readonly (Authority & { name: string })[] = [
  // Let's Encrypt counts the deactivation of a pending authorization as a failed validation and hands the same order out again.
  {
    ...known('letsencrypt', "Let's Encrypt", 'https://acme-v02.api.letsencrypt.org/directory', 'resume'),
    limits: letsEncryptLimits,
  },
  {
    ...known(
      'letsencrypt-staging',
      "Let's Encrypt staging",
      'https://acme-staging-v02.api.letsencrypt.org/directory',
      'resume',
    ),
    limits: letsEncryptStagingLimits,
  },
  known('zerossl', 'ZeroSSL', 'https://acme.zerossl.com/v2/DV90', 'deactivate'),
  known('google', 'Google Trust Services', 'https://dv.acme-v02.api.pki.goog/directory', 'deactivate'),
  known(
    'google-staging',
    'Google Trust Services staging',
    'https://dv.acme-v02.test-api.pki.goog/directory',
    'deactivate',
  ),
  known('sslcom', 'SSL.com', 'https://acme.ssl.com/sslcom-dv-ecc', 'deactivate'),
  known('actalis', 'Actalis', 'https://acme-api.actalis.com/acme/directory', 'deactivate'),
];

/**
 * The CA of a built-in name or a directory URL; a URL of a built-in CA gives the built-in one.
 * @throws AcmeLedgerError `usage`
 */
export function authorityOf(nameOrUrl: string): Authority {
  const named = builtIn.find(({ name }) => name === nameOrUrl);
  if (named !== undefined) return named;
  if (!nameOrUrl.includes(':')) {
    throw new AcmeLedgerError('usage', `"${printable(nameOrUrl)}" isn't a CA that is built in`, {
      hint: withMeant(
        'ca',
        nameOrUrl,
        `give one of ${builtIn.map(({ name }) => name).join(', ')}, or a directory URL (https://…)`,
      ),
    });
  }
  const directoryUrl = assertDirectoryUrl(nameOrUrl);
  const same = builtIn.find((authority) => authority.directoryUrl === directoryUrl);
  return (
    same ?? {
      name: null,
      label: new URL(directoryUrl).host,
      directoryUrl,
      caaIdentities: [],
      onUnsubmitted: 'deactivate',
      maxPending,
      limits: noLimits,
    }
  );
}

/** The built-in CA whose directory is at this host; null for any other. */
export function authorityAtHost(host: string): Authority | null {
  return builtIn.find(({ directoryUrl }) => new URL(directoryUrl).host === host) ?? null;
}

function known(
  name: string,
  label: string,
  directoryUrl: string,
  onUnsubmitted: Authority['onUnsubmitted'],
): Authority & { name: string } {
  const [identities] = Object.entries(caaNames).filter(([known]) => name.startsWith(known));
  const caaIdentities = identities?.[1] ?? [];
  return { name, label, directoryUrl, caaIdentities, onUnsubmitted, maxPending, limits: noLimits };
}
