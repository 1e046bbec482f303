import { isRecord } from '../json-record.ts';

/* Readers for the files of other clients, in which each part may be missing, or not what it should be. */

/** A member of JSON text that is text itself, by its path; null for anything else. */
export function textMember(json: string | null, ...path: readonly string[]): string | null {
  if (json === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  for (const name of path) {
    value = isRecord(value) ? value[name] : null;
  }
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The URL if it is one of the web, in its normal form; null for anything else. */
export function webUrl(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
}

/** The host of a URL, with its port unless that is the protocol's own. */
export function hostOf(url: string | null): string | null {
  return url === null ? null : new URL(url).host;
}
