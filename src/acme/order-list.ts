import { setImmediate as otherWork } from 'node:timers/promises';
import type { HttpResponse } from 'acme-client/src/http.js';
import { AcmeLedgerError } from '../errors.ts';
import { fieldsOf, unreadable, urlOf } from './objects/fields.ts';
import { linkedUrls } from './objects/links.ts';

const maxPages = 10_000; // Pebble has three orders on a page
const maxPagesWithoutNews = 20;
/** Between so many URLs of one page others have their turn. */
const urlsAtOnce = 500;

/**
 * The URLs of an account's orders, page after page (RFC 8555 §7.1.2.1), each once.
 * @param getPage POST-as-GET of one page
 * @throws AcmeLedgerError `ca-answer` where the list can't be read to its end (`isListCut`): what didn't come up may be in it all the same
 */
export async function* orderUrls(
  firstUrl: string,
  getPage: (url: string) => Promise<HttpResponse>,
): AsyncIterable<string> {
  const seen = new Set<string>();
  const pages = new Set<string>();
  let newsAt = 0;
  let isWhole = true;
  for (let url: string | undefined = firstUrl; url !== undefined;) {
    const isEndless = pages.has(url) || pages.size === maxPages || pages.size - newsAt > maxPagesWithoutNews;
    if (isEndless) throw cut(`doesn't end after ${String(pages.size)} pages`);
    pages.add(url);
    const response = await getPage(url);
    const listed = listedOn(response.data);
    for (const [index, each] of listed.entries()) {
      if (index % urlsAtOnce === urlsAtOnce - 1) await otherWork();
      const order = urlOf(each, url);
      isWhole &&= order !== null;
      if (order === null || seen.has(order)) continue;
      seen.add(order);
      newsAt = pages.size;
      yield order;
    }
    url = linkedUrls(response, 'next', url)[0];
  }
  if (!isWhole) throw cut('has something in it that is no URL of an order');
}

/** Whether a list of orders was given up before its end, or wasn't readable: it proves nothing of what isn't in it. */
export function isListCut(error: unknown): boolean {
  return error instanceof AcmeLedgerError && cuts.has(error);
}

const cuts = new WeakSet<AcmeLedgerError>();

function cut(fault: string): AcmeLedgerError {
  const error = unreadable('list of orders', fault);
  cuts.add(error);
  return error;
}

/** step-ca sends the bare array; a list without orders is null where its server is written in Go. */
function listedOn(data: unknown): readonly unknown[] {
  const list: unknown = Array.isArray(data) ? data : fieldsOf(data)?.['orders'];
  if (Array.isArray(list)) return list;
  if (list === null && fieldsOf(data) !== null) return [];
  throw cut('has no orders in it');
}
