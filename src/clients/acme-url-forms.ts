export type AcmeResource = 'authorization' | 'order' | 'challenge';

export interface AcmeUrl {
  url: string;
  resource: AcmeResource;
}

/**
 * The names that CAs give the path segment before the ids: Boulder (`authz`, `authz-v3`, `chall`, `chall-v3`, `order`), Pebble (`authZ`,
 * `chalZ`, `my-order`), step-ca and Caddy (`authz`, `challenge`, `order`), ZeroSSL, Google, Buypass and Sectigo (of the same
 * words), Vault (`authorization`). `orders` is no order: RFC 8555 §7.1.2.1 has the list of an account's orders there.
 */
const resources: Readonly<Record<string, AcmeResource>> = {
  authz: 'authorization',
  'authz-v3': 'authorization',
  authZ: 'authorization',
  authorization: 'authorization',
  order: 'order',
  'my-order': 'order',
  chall: 'challenge',
  'chall-v3': 'challenge',
  chalZ: 'challenge',
  challenge: 'challenge',
};

const words = Object.keys(resources).join('|');

// How JSON, JSON within JSON, and a query string write ":" and "/".
const colon = String.raw`(?::|\\{1,8}u003[aA]|%(?:25)?3[aA])`;
const slash = String.raw`(?:\\{0,8}\/|\\{1,8}u002[fF]|%(?:25)?2[fF])`;
const host = String.raw`(?:[A-Za-z0-9](?:[\w.-]{0,252}\w)?|\[[\dA-Fa-f:.]{2,45}\])`;
const segment = String.raw`(?:[\w.~@+-]|%(?!(?:25)?2[fF])[\dA-Fa-f]{2}){1,255}`;
// What CAs put below an order or another resource is no such thing itself.
const id = String.raw`(?!(?:finalize|cert|certificate|revoke|new|list|orders)(?![\w-]))[\w-]{1,255}(?![\w-])`;
// certbot logs the connection and then the request: https://ca.example:443 "POST /acme/authz/1/2 HTTP/1.1"
const request = String.raw`[ \t]\\{0,8}"(?:POST|GET|HEAD)[ \t]`;

// The last word that ids follow is the one that counts: a provisioner of step-ca may be called "order".
const form = new RegExp(
  `https?(${colon})${slash}{2}${host}(${colon}\\d{1,5})?(${request})?(?:${slash}${segment}){0,12}` +
    `${slash}(${words})(?:${slash}${id}){1,3}(?!${slash}[\\w-])`,
  'y',
);

/** Where such a word stands in a path, as the source of a regular expression: far rarer in a log than URLs are. */
export const wordInPath = String.raw`[/fF](?:${words})[\\%/]`;

/** No written form of a URL is longer, escapes included. */
export const longestForm = 16 * 1024;

/**
 * The URL that begins at `at`, if it is one of an authorization, an order or a challenge: freed of quotes and escapes, and without the
 * punctuation after it, but not checked otherwise. One with credentials in it is none.
 * @param text a log, each byte a character
 */
export function acmeUrlAt(text: string, at: number): AcmeUrl | null {
  form.lastIndex = at;
  const [written, separator, port, gap, word] = form.exec(text) ?? [];
  const resource = word === undefined ? undefined : resources[word];
  if (written === undefined || resource === undefined) return null;
  if (port === undefined && gap === undefined && !/[\\%]/.test(written)) return { url: written, resource };
  const url = unescaped(gap === undefined ? written : written.replace(gap, ''), separator !== ':');
  return { url: url.replace(/^(https:[^/]*\/\/[^/]*):443\//, '$1/'), resource };
}

/**
 * The authorization that a challenge belongs to, for the CAs whose URLs tell it: Let's Encrypt and step-ca (and Caddy).
 * Null for others, such as Pebble and ZeroSSL: there the challenge itself has to be asked for, and its answer has
 * `Link: <…>;rel="up"` (RFC 8555 §7.5.1).
 */
export function authorizationUrlOf(challengeUrl: string): string | null {
  if (!URL.canParse(challengeUrl)) return null;
  const url = new URL(challengeUrl);
  for (const [challenge, authorization] of derivations) {
    if (challenge.test(url.pathname)) return url.origin + url.pathname.replace(challenge, authorization);
  }
  return null;
}

const derivations: readonly [RegExp, string][] = [
  [/^\/acme\/chall\/(\d+)\/(\d+)\/[\w-]+$/, '/acme/authz/$1/$2'],
  [/^\/acme\/chall-v3\/(\d+)\/[\w-]+$/, '/acme/authz-v3/$1'],
  [/^\/acme\/([^/]+)\/challenge\/([\w-]+)\/[\w-]+$/, '/acme/$1/authz/$2'],
];

const anyColon = new RegExp(colon, 'g');
const anySlash = new RegExp(slash, 'g');

function unescaped(written: string, isPercentEncoded: boolean): string {
  const url = written.replace(anySlash, '/').replace(anyColon, ':');
  return isPercentEncoded ? url.replace(/%25(?=[\dA-Fa-f]{2})/g, '%') : url;
}
