import type { HttpResponse } from 'acme-client/src/http.js';
import util from 'acme-client/src/util.js';
import { urlOf } from './fields.ts';

/** The usable URLs of an answer's `Link` header with this relation (RFC 8288), relative ones resolved, each once. */
export function linkedUrls(
  { headers }: Pick<HttpResponse, 'headers'>,
  relation: string,
  base?: string,
): string[] {
  const header = headers['link'];
  const joined = Array.isArray(header) ? header.join(', ') : header;
  return [...new Set(util.parseLinkHeader(joined, relation).flatMap((link) => urlOf(link, base) ?? []))];
}
