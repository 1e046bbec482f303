export type AcmeResource = 'authorization' | 'order' | 'challenge';

export interface AcmeUrl {
  url: string;
  /** The kind of resource as far as the URL's words tell; the CA's answer says what it really is. */
  resource: AcmeResource;
  /**
   * The text in the log, where `url` lacks a punctuation mark or a query at its end that may be part of it.
   */
  written?: string;
}

/**
 * The names that CAs give the path segment before the ids: Boulder (`authz`, `authz-v3`, `chall`, `chall-v3`, `order`), Pebble (`authZ`,
 * `chalZ`, `my-order`), step-ca and Caddy (`authz`, `challenge`, `order`), ZeroSSL, Google, Buypass and Sectigo (of the same
 * words), Vault (`authorization`).
 */
const rareWords: Readonly<Record<string, AcmeResource>> = {
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

/** Each shop has URLs with such a word. RFC 8555 §7.1.2.1 has the list of an account's orders at an `orders`, too. */
const commonWords: Readonly<Record<string, AcmeResource>> = {
  authorizations: 'authorization',
  orders: 'order',
  challenges: 'challenge',
};

const resources = { ...rareWords, ...commonWords };
const words = Object.keys(resources).join('|');

// ":" and "/" as JSON, JSON within JSON, and a query string write them.
const colon = String.raw`(?::|\\{1,8}u003[aA]|%(?:25)?3[aA])`;
const slash = String.raw`(?:\\{0,8}\/|\\{1,8}u002[fF]|%(?:25)?2[fF])`;
const host = String.raw`(?:[A-Za-z0-9](?:[\w.-]{0,252}\w)?|\[[\dA-Fa-f:.]{2,45}\])`;
const segment = String.raw`(?:[\w.~@+-]|%(?!(?:25)?2[fF])[\dA-Fa-f]{2}){1,255}`;
// Java's JSON writes "=" like that. Of what is percent-encoded, quotes and brackets end a URL.
const escaped = String.raw`\\{1,8}u003[dD]|%(?:25)?(?:21|2[4ABabDEde]|3[ADad]|40|5[Ff]|7[Ee])`;
// Ids are base64 (RFC 4648 §4) at some CAs. The last four are in an id now and then, and more often behind it.
const sign = String.raw`[\w~=+@.!*$-]`;
const firm = String.raw`[\w~=+@-]|${escaped}`;
// A path below an order or another resource is no such resource itself.
const id =
  String.raw`(?!(?:finalize|cert|certificate|revoke|new|list|orders)(?![\w-]))` +
  String.raw`(?=[.!*$]{0,8}(?:${firm}))${sign}{0,255}(?:(?:${escaped})${sign}{0,255}){0,32}(?!${sign}|${escaped})`;
// certbot logs the connection and then the request: https://ca.example:443 "POST /acme/authz/1/2 HTTP/1.1"
const request = String.raw`[ \t]\\{0,8}"(?:POST|GET|HEAD)[ \t]`;

// The last word that ids follow is the one that counts: a provisioner of step-ca may be called "order". Some CAs end a URL with a slash.
const form = new RegExp(
  `https?(${colon})${slash}{2}${host}(${colon}\\d{1,5})?(${request})?(?:${slash}${segment}){0,12}` +
    `${slash}(${words})(?:${slash}${id}){1,3}` +
    `(?:(${slash})(?![.!*$]{0,8}(?:${firm}|${slash}))|(?!${sign}|${escaped}|${slash}))`,
  'y',
);

/** A word before an id in a path, as the source of a regular expression: far rarer in a log than URLs are. */
export const wordInPath = String.raw`[/fF](?:${words})[\\%/]`;

const commonEnd = new RegExp(`[/fF](?:${Object.keys(commonWords).join('|')})[\\\\%/]$`);

/** Whether what `wordInPath` found is a word that other servers' URLs have, too. */
export function isCommonWord(found: string): boolean {
  return commonEnd.test(found);
}

/** No written form of a URL is longer, escapes included. */
export const longestForm = 16 * 1024;

/**
 * The URL that begins at `at`, if it is one of an authorization, an order or a challenge: freed of quotes and
 * escapes, and without the punctuation after it, but not checked otherwise. One with credentials in it is
 * none (docs/decisions.md#what-a-url-in-a-log-is).
 * @param text a log, each byte a character
 */
export function acmeUrlAt(text: string, at: number): AcmeUrl | null {
  form.lastIndex = at;
  const [written, separator, port, gap, word, endSlash] = form.exec(text) ?? [];
  const resource = word === undefined ? undefined : resources[word];
  if (written === undefined || resource === undefined) return null;
  const isPlain = port === undefined && gap === undefined && !/[\\%]/.test(written);
  const url = isPlain ? written : plain(gap === undefined ? written : written.replace(gap, ''), separator);
  const query = queryAt(text, form.lastIndex);
  if (query !== '') return { url, resource, written: url + query };
  const mayEndSooner = endSlash === undefined && gap === undefined && punctuation.test(url);
  if (!mayEndSooner || isEnclosed(text, at, form.lastIndex)) return { url, resource };
  return { url: url.replace(punctuation, ''), resource, written: url };
}

const query = /[?#](?=[!-~]{0,8}\w)[\w~=+@.!*$&:/?%-]{1,512}/y;

function queryAt(text: string, at: number): string {
  query.lastIndex = at;
  return query.exec(text)?.[0] ?? '';
}

const punctuation = /[.!*$]{1,255}$/;
const enclosings: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '<': '>' };

/**
 * Whether a URL stands in quotes or angle brackets, or is all of a header's value, so that it ends where they
 * say.
 */
function isEnclosed(text: string, at: number, end: number): boolean {
  if (/^location: $/i.test(text.slice(Math.max(0, at - 10), at))) return true;
  const closing = enclosings[text[at - 1] ?? ''];
  return (
    closing !== undefined &&
    text
      .slice(end, end + 9)
      .replace(/^\\+/, '')
      .startsWith(closing)
  );
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

const anySlash = new RegExp(slash, 'g');
const anyEquals = /\\{1,8}u003[dD]/g;
const firstColons = new RegExp(`^(https?)${colon}(//[^/:%\\\\]*)(?:${colon}(\\d+))?`);

function plain(written: string, separator = ':'): string {
  let url = written.replace(anySlash, '/').replace(anyEquals, '=');
  // The colons behind the scheme and before the port are unescaped; an id's own colons stay as the CA wrote
  // them.
  url = url.replace(firstColons, (_all, scheme: string, server: string, port?: string) => {
    return `${scheme}:${server}${port === undefined ? '' : `:${port}`}`;
  });
  // A URL that was encoded as a whole has other signs of its own in that way, too.
  for (let times = timesEncoded(separator); times > 0; times -= 1) {
    url = url.replace(/%([2-7][\dA-Fa-f])/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
  return url.replace(/^(https:\/\/[^/]*):443\//, '$1/');
}

function timesEncoded(separator: string): number {
  if (!separator.startsWith('%')) return 0;
  return separator.startsWith('%25') ? 2 : 1;
}
