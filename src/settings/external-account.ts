import { badFile, readSecretFile } from '../system/given-file.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';
import { optionError, type Given } from './option-check.ts';
import { givenPath } from './given-path.ts';

// HS256 keys have 32 to 64 bytes.
const maxBytes = 4096;

/** Key identifier and MAC key in base64url (RFC 8555 §7.3.4). */
export interface ExternalAccount {
  kid: string;
  hmacKey: string;
}

/**
 * The external account binding, with the key out of its file.
 * @throws AcmeLedgerError `bad-file`; the origin's code when one comes without the other. Never with the key in it
 */
export async function readExternalAccount(
  kid: Given<string> | undefined,
  keyFile: Given<string> | undefined,
): Promise<ExternalAccount | null> {
  if (kid === undefined) {
    if (keyFile === undefined) return null;
    throw optionError(keyFile.origin, 'is given without the key identifier', 'add --eab-kid KID');
  }
  if (keyFile === undefined)
    throw optionError(kid.origin, 'is given without the key', 'add --eab-hmac-key-file FILE');
  return { kid: kid.value, hmacKey: await readKey(keyFile) };
}

async function readKey(keyFile: Given<string>): Promise<string> {
  // A path with a slash or a dot is no key; forty letters without are, most likely, and don't belong into an error.
  if (/^[A-Za-z0-9_+=-]{40,}$/.test(keyFile.value)) {
    throw optionError(
      keyFile.origin,
      'takes a file and was given what looks like the key',
      'write the key into a file of mode 600',
    );
  }
  const path = givenPath(keyFile);
  const content = await readSecretFile({ path, what: 'the EAB key file', maxBytes });
  const key = plainKey(content.toString('utf8'));
  if (isEncodedTwice(key)) {
    throw badFile(
      `the key in the EAB key file ${printable(path)} is encoded twice: decoded once it is base64url again`,
      `put into it what the CA shows: base64 -d ${shellWord(printable(path))} prints it`,
    );
  }
  if (/^[A-Za-z0-9_-]{16,}$/.test(key)) return key;
  throw badFile(
    `the EAB key file ${printable(path)} doesn't hold a base64url key`,
    'put the HMAC key into it as the CA shows it, and nothing else',
  );
}

/** Editors and copying put a mark before it, quotes around it, and line breaks into it. */
function plainKey(text: string): string {
  return text
    .replace(/^\ufeff/, '')
    .trim()
    .replaceAll(/^["'\u201c]|["'\u201d]$/g, '')
    .replaceAll(/[\r\n][\t ]*/g, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/(?<!=)=+$/, '');
}

/**
 * Whether a key was encoded twice, as the data of a Kubernetes Secret is. 32 random bytes are never a text of
 * as many letters and digits as 32 bytes take.
 */
function isEncodedTwice(key: string): boolean {
  return /^[A-Za-z0-9_+/-]{43,}={0,2}\s*$/.test(Buffer.from(key, 'base64url').toString('latin1'));
}
