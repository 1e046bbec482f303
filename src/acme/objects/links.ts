import type { HttpResponse } from 'acme-client/src/http.js';
import { urlOf } from './fields.ts';

/**
 * A link of RFC 8288 §3, its URL and its parameters. Bounded, so that a header of a single repeated character
 * takes no longer than another.
 */
const link = /<([^<>]{1,2000})>([^<]*)/g;
const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i;

/** The usable URLs of an answer's `Link` header with this relation (RFC 8288), relative ones resolved, each once. */
export function linkedUrls(
  { headers }: Pick<HttpResponse, 'headers'>,
  wanted: string,
  base?: string,
): string[] {
  const header = headers['link'];
  const joined = Array.isArray(header) ? header.join(', ') : (header ?? '');
  const urls = [...joined.matchAll(link)].flatMap(([, url, parameters = '']) => {
    const [, quoted, plain = ''] = relation.exec(parameters) ?? [];
    const relations = (quoted ?? plain).toLowerCase().split(' ');
    return relations.includes(wanted) ? (urlOf(url, base) ?? []) : [];
  });
  return [...new Set(urls)];
}
