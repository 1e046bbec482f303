import { X509Certificate } from 'node:crypto';

/** A certificate that another client renews, as its files tell it. */
export interface ClientCertificate {
  client: string;
  /** The client's settings for it. */
  file: string;
  name: string;
  names: readonly string[];
  /** Null where the files don't hold it. */
  directoryUrl: string | null;
  /** The host, with its port unless that is 443, of a server whose directory URL isn't known. */
  serverHost: string | null;
  /**
   * The way in which the names are proven, by the names of `issue`'s options; null where it can't be taken
   * over.
   */
  solver: ClientSolver | null;
  /** The reason why it can't be taken over. */
  unsolved: string | null;
  /** The other settings of the certificate, by the names of `issue`'s options. */
  options: ClientOptions;
  /** The things that the client does beside, and acme-ledger won't. */
  notes: readonly string[];
  issued: ClientFiles;
}

/** The places of an issued certificate in a client's folders, as absolute paths. */
export interface ClientFiles {
  /** Files whose certificates, put one after the other, are the chain with its leaf first; one may be missing. */
  chain: readonly string[];
  key: string;
  /** Files that web servers may have been told of; some may be missing. */
  served: readonly string[];
}

export interface ClientSolver {
  solver: 'webroot' | 'standalone' | 'exec' | 'rfc2136' | 'cloudflare' | 'route53' | 'gcloud';
  challenge: 'http-01' | 'tls-alpn-01' | 'dns-01';
  webroot?: string;
  webrootFor?: string;
  listen?: string;
  hook?: string;
  cleanupHook?: string;
  hookStyle?: 'certbot' | 'acme.sh';
  propagationTimeout?: string;
  dnsServer?: string;
  tsigKeyFile?: string;
  dnsCredentials?: string;
}

export interface ClientOptions {
  keyType?: string;
  reuseKey?: boolean;
  profile?: string;
  preferredChain?: string;
  deployHook?: string;
}

/** The facts that an issued certificate tells of itself. */
export interface IssuedFacts {
  names: string[];
  /** A key type of acme-ledger's; null for any other. */
  keyType: string | null;
}

/** @throws Error when the text is no certificate, or one without names */
export function issuedFacts(pem: string): IssuedFacts {
  const certificate = new X509Certificate(pem);
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
  if (names.length === 0) throw new Error('its certificate has no names');
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = certificate.publicKey;
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails;
  const keyType =
    asymmetricKeyType === 'rsa'
      ? `rsa${modulusLength}`
      : ({ prime256v1: 'ec256', secp384r1: 'ec384' }[namedCurve] ?? null);
  return { names, keyType: keyType !== null && /^(ec|rsa(2048|3072|4096)$)/.test(keyType) ? keyType : null };
}
