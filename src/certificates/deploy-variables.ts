import type { StoredCertificate } from './store.ts';

interface DeployVariable {
  what: string;
  /** Null: the hook doesn't get it. */
  valueOf: (certificate: StoredCertificate, email: string | null) => string | null;
}

/**
 * The environment of deploy hooks: the variables of certbot (its documentation, "Renewing certificates"), of lego 5 and, by their
 * old names, of lego 4.
 */
export const deployVariables: Readonly<Record<string, DeployVariable>> = {
  RENEWED_LINEAGE: { what: 'the folder of the certificate', valueOf: ({ paths }) => paths.directory },
  RENEWED_DOMAINS: { what: 'the names, with blanks between', valueOf: ({ names }) => names.join(' ') },
  LEGO_HOOK_CERT_DOMAINS: { what: 'the names, with commas between', valueOf: ({ names }) => names.join(',') },
  LEGO_HOOK_CERT_NAME: { what: 'the name of the certificate', valueOf: ({ name }) => name },
  LEGO_HOOK_CERT_NAME_SANITIZED: { what: 'the same', valueOf: ({ name }) => name },
  LEGO_HOOK_CERT_PATH: { what: 'fullchain.pem', valueOf: ({ paths }) => paths.fullchain },
  LEGO_HOOK_CERT_KEY_PATH: { what: 'privkey.pem; unset with --csr', valueOf: ({ paths }) => paths.privkey },
  LEGO_HOOK_ISSUER_CERT_PATH: { what: 'chain.pem', valueOf: ({ paths }) => paths.chain },
  LEGO_HOOK_CERT_KEY_TYPE: {
    what: 'EC256, RSA2048 and so on',
    valueOf: ({ keyType }) => keyType?.toUpperCase() ?? null,
  },
  LEGO_HOOK_ACCOUNT_EMAIL: { what: "the account's address, where it has one", valueOf: (_, email) => email },
  LEGO_CERT_DOMAIN: { what: 'the first name', valueOf: ({ name, names }) => names[0] ?? name },
  LEGO_CERT_PATH: { what: 'fullchain.pem', valueOf: ({ paths }) => paths.fullchain },
  LEGO_CERT_KEY_PATH: { what: 'privkey.pem; unset with --csr', valueOf: ({ paths }) => paths.privkey },
  LEGO_ACCOUNT_EMAIL: { what: "the account's address, where it has one", valueOf: (_, email) => email },
};
