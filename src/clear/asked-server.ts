import type { Directory } from '../acme/objects/resources.ts';

/** The server of an account: the only one that the account's resources are asked of. */
export interface AskedServer {
  /** The origins of its directory's own URLs. */
  origins: ReadonlySet<string>;
  /** The folder of its resources. */
  folder: string;
  /** URLs that aren't to be asked: the directory's own, and the account itself. */
  others: ReadonlySet<string>;
  accountUrl: string | null;
}

export function askedServer(directory: Directory, accountUrl: string | null): AskedServer {
  const { newNonce, newAccount, newOrder, revokeCert, keyChange, renewalInfo } = directory;
  const own = [newOrder, newAccount, newNonce].map((each) => new URL(each));
  const others = [newNonce, newAccount, newOrder, revokeCert, keyChange, renewalInfo, accountUrl];
  return {
    origins: new Set(own.map(({ origin }) => origin)),
    folder: commonFolder(own.map(({ pathname }) => pathname)),
    others: new Set(others.filter((each) => each !== null)),
    accountUrl,
  };
}

const maxUrlLength = 2_048;

/**
 * The URL as it may be asked of this server; null when it isn't one of its resources. A log may hold
 * anything: the URL must be at an address that the server's directory names itself, and its path must lie in
 * the folder of the server's resources and be none of its other doors. A URL that may be a second spelling of
 * another isn't asked for: the ledger, which knows which run works on which authorization, wouldn't know it.
 */
export function askableUrl({ origins, folder, others }: AskedServer, text: string): string | null {
  if (text.length > maxUrlLength || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (!origins.has(url.origin) || !url.pathname.startsWith(folder)) return null;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  if (!isPlain(text, url.pathname)) return null;
  return others.has(url.href) || url.pathname === folder ? null : url.href;
}

// `=` and other signs that are part of an id may be written in this way; a letter or digit never needs to
// (RFC 3986 §6.2.2.2).
const needlesslyEncoded = /%(?!2[14ABab]|3[ADad]|40)/;

/**
 * Whether the path has no `//`, `/./`, `%34`, and no number as `007` or `+7`, which Boulder reads like `7`.
 */
function isPlain(text: string, pathname: string): boolean {
  const path = /^https?:\/\/[^/\\]+(\/.*)$/i.exec(text)?.[1];
  if (path !== pathname || needlesslyEncoded.test(path)) return false;
  return !/\/\/|\/(?:[+-]\d|0\d)\d*(?:\/|$)/.test(path);
}

/** The path up to the last slash that all of these paths have in common. */
function commonFolder(paths: readonly string[]): string {
  const [first = '/', ...rest] = paths;
  let length = first.lastIndexOf('/') + 1;
  while (rest.some((path) => !path.startsWith(first.slice(0, length)))) {
    length = first.lastIndexOf('/', length - 2) + 1;
  }
  return first.slice(0, length);
}

/**
 * The accounts that the URL may belong to, the likeliest first: those of its server.
 * @returns null when the URL is to be asked of no account
 */
export function candidatesFor<Account extends { server: AskedServer }>(
  accounts: readonly Account[],
  text: string,
): { url: string; candidates: Account[] } | null {
  const candidates = accounts.filter(({ server }) => askableUrl(server, text) !== null);
  if (candidates.length === 0) return null;
  const { href, pathname } = new URL(text);
  const likely = candidates.filter(({ server }) => carriesNumber(pathname, server.accountUrl));
  const rest = candidates.filter((each) => !likely.includes(each));
  return { url: href, candidates: [...likely, ...rest] };
}

/**
 * Whether the URL has the account's number, as Let's Encrypt writes /acme/authz/ACCOUNT/NUMBER: then it is no
 * other account's, whatever the CA has forgotten of it.
 */
export function isNumberedFor(url: string, { accountUrl }: AskedServer): boolean {
  const number = numberOf(accountUrl);
  return number !== null && new RegExp(`/${number}/\\d+$`).test(url);
}

function carriesNumber(pathname: string, accountUrl: string | null): boolean {
  const number = numberOf(accountUrl);
  return number !== null && pathname.includes(`/${number}/`);
}

function numberOf(accountUrl: string | null): string | null {
  return accountUrl === null ? null : (/\/(\d+)$/.exec(accountUrl)?.[1] ?? null);
}
