import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { HttpAnswer } from './http/exchange.ts';
import { type Fields, fieldsOf, listOf, textOf, urlOf } from './objects/fields.ts';
import { jsonOrText } from './http/json-or-text.ts';
import { answerError } from './objects/problems.ts';
import type { Directory } from './objects/resources.ts';
import type { Transport } from './http/transport.ts';
import { shellWord } from '../shell-word.ts';

/**
 * Asks for the directory (RFC 8555 §7.1.1, a plain GET: §6.3).
 * @throws AcmeLedgerError `not-acme`, `ca-unreachable`, `ca-limit`, `ca-answer` for a fault of the server
 */
export async function fetchDirectory(
  url: string,
  transport: Transport,
  now: Date,
  signal?: AbortSignal,
): Promise<Directory> {
  const answer = await transport.send({
    method: 'GET',
    url,
    headers: { Accept: 'application/json' },
    signal,
  });
  const data = jsonOrText(answer.body);
  if (answer.status === 429 || answer.status >= 500)
    throw answerError({ ...answer, data }, 'to show its directory', now);
  const directory = answer.status === 200 ? parseDirectory(data) : null;
  if (directory === null) throw notAcme(answer, url);
  return directory;
}

const longestProfile = 100;
const mostProfiles = 100; // Let's Encrypt has four

/** The directory, without the entries that aren't known (Boulder adds a random one); null when it isn't one. */
export function parseDirectory(data: unknown): Directory | null {
  const fields = fieldsOf(data);
  const newNonce = urlOf(fields?.['newNonce']);
  const newAccount = urlOf(fields?.['newAccount']);
  const newOrder = urlOf(fields?.['newOrder']);
  if (newNonce === null || newAccount === null || newOrder === null) return null;
  return {
    newNonce,
    newAccount,
    newOrder,
    revokeCert: urlOf(fields?.['revokeCert']),
    keyChange: urlOf(fields?.['keyChange']),
    renewalInfo: urlOf(fields?.['renewalInfo']),
    meta: metaOf(fields?.['meta']),
  };
}

function metaOf(value: unknown): Directory['meta'] {
  const meta = fieldsOf(value) ?? {};
  return {
    termsOfService: textOf(meta['termsOfService']),
    website: textOf(meta['website']),
    caaIdentities: listOf(meta['caaIdentities']).flatMap((each) => textOf(each) ?? []),
    externalAccountRequired: meta['externalAccountRequired'] === true,
    profiles: profilesOf(fieldsOf(meta['profiles']) ?? {}),
  };
}

function profilesOf(profiles: Fields): Record<string, string> {
  const names = Object.keys(profiles).slice(0, mostProfiles);
  return Object.fromEntries(
    names.map((name) => [printable(name.slice(0, longestProfile)), textOf(profiles[name]) ?? '']),
  );
}

function notAcme(answer: HttpAnswer, url: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'not-acme',
    `${printable(url)} doesn't answer with an ACME directory (HTTP ${String(answer.status)})`,
    {
      hint: `look at it: curl -s ${shellWord(printable(url))} should show newNonce, newAccount and newOrder (an ACME v1 directory has none of them)`,
    },
  );
}
