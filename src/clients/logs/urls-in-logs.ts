import { stat } from 'node:fs/promises';
import { hasCode } from '../../errors.ts';
import {
  type AcmeResource,
  type AcmeUrl,
  acmeUrlAt,
  isCommonWord,
  longestForm,
  wordInPath,
} from './acme-url-forms.ts';
import { type LogReading, assertLogs, bytesOfLog } from './log-bytes.ts';
import { type Mention, mentionReach, mentionsIn } from './log-mentions.ts';
import { UrlSet } from '../../system/url-set.ts';
import { type LogWindow, windowsOf } from './log-windows.ts';

export interface FoundUrl {
  /** The URL as the CA wrote it, freed of what the log made of it. */
  url: string;
  /**
   * The text in the log, where `url` may be less than the CA wrote: to be asked for when `url` isn't there.
   */
  written?: string;
  /** The kind of resource as far as the URL's words tell; the CA's answer says what it really is. */
  resource: AcmeResource;
  /** The client whose log it seems to be: `certbot`, `acme.sh`, …; null where the text doesn't show it. */
  client: string | null;
  file: string;
  /**
   * The time of the line (RFC 3339, UTC), where the text has a full date; a time without a zone is taken for
   * one of this machine.
   */
  loggedAt: string | null;
  /**
   * The time when the file was last written (RFC 3339, UTC): nothing in it is younger. Null for what isn't a
   * regular file.
   */
  fileWrittenAt: string | null;
}

/** Longer than what any CA writes. */
const maxUrlLength = 2048;
/** The longest `protected` that is decoded; those of RFC 8555 have a few hundred characters. */
const longestHeader = 16 * 1024;
const sizes = { before: mentionReach, after: Math.max(longestForm, longestHeader), own: 64 * 1024 };

/**
 * The URLs of authorizations, orders and challenges that ACME clients left in their logs: each one once, as
 * it was first met, of every host. Whom to ask for them is for the caller to decide. Logs may be of any size,
 * with lines of any length, and hold anything; memory grows with the distinct URLs alone
 * (docs/decisions.md#searching-logs).
 * @param files `-` is standard input; gzip is told by its content, and so is zstd where this Node can read it
 * @throws AcmeLedgerError `bad-file` before the first is read, when one can't be, or is compressed in another
 *   way; and where `onUnreadable` isn't told of it, when one turns out to be damaged
 */
export async function* urlsInLogs(files: readonly string[], reading: LogReading): AsyncGenerator<FoundUrl> {
  await assertLogs(files);
  const known = new KnownUrls();
  for (const file of new Set(files)) {
    try {
      yield* urlsInLog(file, reading, known);
    } catch (error) {
      const isDamaged = hasCode(error, 'bad-file');
      if (!isDamaged || reading.onUnreadable === undefined) throw error;
      reading.onUnreadable(error);
    }
  }
}

async function* urlsInLog(file: string, reading: LogReading, known: KnownUrls): AsyncGenerator<FoundUrl> {
  let last: string | null = null;
  const fileWrittenAt = await lastWriteOf(file);
  for await (const window of windowsOf(bytesOfLog(file, reading), sizes)) {
    for (const { client, ...found } of newUrlsIn(window, known, reading.servers)) {
      // Between two lines that show whose log it is there is no other client's.
      last = client ?? last;
      yield { ...found, client: last, file, fileWrittenAt };
    }
    reading.signal.throwIfAborted();
  }
}

async function lastWriteOf(file: string): Promise<string | null> {
  const stats = file === '-' ? null : await stat(file).catch(() => null);
  return stats?.isFile() === true ? stats.mtime.toISOString() : null;
}

/** A log mentions most URLs several times in a row: those of late are told by themselves, which is faster. */
const lateUrls = 1_000;

class KnownUrls {
  readonly #all = new UrlSet();
  #late = new Set<string>();

  /** @returns false also for the first time of a text that was met long ago */
  wasJustMet(text: string): boolean {
    return this.#late.has(text);
  }

  /**
   * Keeps a URL.
   * @returns whether it is new
   */
  add(url: string): boolean {
    if (this.#late.size === lateUrls) this.#late = new Set();
    this.#late.add(url);
    return this.#all.add(url);
  }
}

function* newUrlsIn(
  window: LogWindow,
  known: KnownUrls,
  servers: LogReading['servers'],
): Generator<AcmeUrl & Mention> {
  const mentionAt = mentionsIn(window.text);
  for (const { at, found } of urlsIn(window, servers)) {
    if (known.wasJustMet(found.url)) continue;
    const url = ownText(found.url);
    if (url === null || !known.add(url)) continue;
    const written = found.written === undefined ? null : ownText(found.written);
    const readings = written === null || written === url ? { url } : { url, written };
    yield { ...readings, resource: found.resource, ...mentionAt(at) };
  }
}

/** A string of its own, in its normal form: a part of the window's text would keep the whole window in memory. */
function ownText(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { href } = new URL(url);
  return href.length > maxUrlLength ? null : href;
}

function* urlsIn(
  { text, from, until }: LogWindow,
  servers: LogReading['servers'],
): Generator<{ at: number; found: AcmeUrl }> {
  // Text that is `{"` in base64url may be the header of a JWS (RFC 7515 §7.2.2), which has the URL of the
  // request in it.
  const signs = new RegExp(`${wordInPath}|(?<![\\w-])eyJ`, 'g');
  signs.lastIndex = from;
  let passed = from;
  while (signs.test(text)) {
    const end = signs.lastIndex;
    const isHeader = text[end - 1] === 'J';
    const at = isHeader ? end - 3 : beginningOf(text.slice(passed, end)) + passed;
    if (at >= until + longestForm) return;
    const isOthers = servers !== undefined && !isHeader && isCommonWord(text.slice(end - 20, end));
    if (at >= passed && at < until && !(isOthers && !isAtOneOf(servers, text, at))) {
      for (const found of isHeader ? urlsInHeader(text, at) : urlAt(text, at)) yield { at, found };
    }
    // A URL that begins before a word was looked at together with that word.
    if (!isHeader) passed = end;
  }
}

/** "https%253A%252F%252F" */
const longestScheme = 20;

/** Whether the URL that begins there is at one of these hosts. */
function isAtOneOf(servers: readonly string[], text: string, at: number): boolean {
  return servers.some((host) => text.slice(at, at + host.length + longestScheme).includes(host));
}

const beginning = /https?[:\\%]/y;

/** The place of the last URL in a text, which has the end of that URL; negative where none begins. */
function beginningOf(text: string): number {
  let place = text.length;
  do {
    place = place === 0 ? -1 : text.lastIndexOf('http', place - 1);
    beginning.lastIndex = place;
  } while (place >= 0 && !beginning.test(text));
  return place;
}

function urlAt(text: string, at: number): AcmeUrl[] {
  const found = acmeUrlAt(text, at);
  return found === null ? [] : [found];
}

const header = new RegExp(`[\\w-]{1,${longestHeader}}`, 'y');
// "http" in base64url, at each of its three places in a group of four characters.
const encodedBeginning = /aHR0c|h0dH|odHRw/;

function urlsInHeader(text: string, at: number): AcmeUrl[] {
  header.lastIndex = at;
  const [encoded = ''] = header.exec(text) ?? [];
  if (!encodedBeginning.test(encoded)) return [];
  const decoded = Buffer.from(encoded, 'base64url').toString('latin1');
  const urls: AcmeUrl[] = [];
  for (let place = decoded.indexOf('http'); place >= 0; place = decoded.indexOf('http', place + 1)) {
    urls.push(...urlAt(decoded, place));
  }
  return urls;
}
