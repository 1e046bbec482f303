import type { HttpResponse } from 'acme-client/src/http.js';
import { fieldsOf, listOf, urlOf } from './fields.ts';
import { linkedUrls } from './links.ts';

const maxPages = 10_000; // Pebble has three orders on a page

/**
 * The URLs of an account's orders, page after page (RFC 8555 §7.1.2.1), each once.
 * @param getPage POST-as-GET of one page
 */
export async function* orderUrls(
  firstUrl: string,
  getPage: (url: string) => Promise<HttpResponse>,
): AsyncIterable<string> {
  const seen = new Set<string>();
  const pages = new Set<string>();
  let url: string | undefined = firstUrl;
  while (url !== undefined && !pages.has(url) && pages.size < maxPages) {
    pages.add(url);
    const response = await getPage(url);
    // step-ca sends the bare array.
    const listed = Array.isArray(response.data)
      ? (response.data as unknown[])
      : listOf(fieldsOf(response.data)?.['orders'], Infinity);
    for (const each of listed) {
      const order = urlOf(each, url);
      if (order === null || seen.has(order)) continue;
      seen.add(order);
      yield order;
    }
    url = linkedUrls(response, 'next', url)[0];
  }
}
