import { type X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseChain } from '../certificates/certificate.ts';
import { readStored } from '../certificates/store.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import { foundText } from '../clients/found-files.ts';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import type { FoundCertificate } from '../issuance/certificate/adopt-found.ts';
import { printable } from '../printable.ts';
import { distrustOf } from '../system/file-trust.ts';
import { isLinkTo, linkInPlace } from '../system/link-in-place.ts';
import { readFound } from './found-certificate.ts';

/** No file that a web server reads of a certificate is longer. */
const maxBytes = 128 * 1024;

/** What came of a client's files that others read. */
interface Linked {
  /** The files that are links into the store from now on; with a dry run those that would be. */
  linked: string[];
  /** What stays as it is, and why. */
  unlinked: string[];
}

/**
 * Makes links into the store of the files of a client that web servers have been told of, so that these get renewed
 * certificates without being told anything. Only a file that holds this very certificate, its chain or its key is
 * replaced, and none in a folder that others may change.
 */
export async function linkServed(
  stateDir: string,
  found: ClientCertificate,
  { dryRun }: { dryRun: boolean },
): Promise<Linked> {
  const result: Linked = { linked: [], unlinked: [] };
  try {
    const certificate = await readFound(found, found.names);
    if (!dryRun) await assertIsStored(stateDir, found.name, certificate);
    for (const path of new Set(found.issued.served)) await linkOne(path, certificate);
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    result.unlinked.push(`its files aren't made links: ${error.message}`);
  }
  return result;

  async function linkOne(path: string, certificate: FoundCertificate): Promise<void> {
    const directory = join(stateDir, 'certificates', found.name);
    if (!existsSync(path) || isLinkTo(dirname(path), directory)) return;
    if (storedFiles.some((file) => isLinkTo(path, join(directory, file)))) return;
    const fault = distrustOf(dirname(path))?.reason ?? null;
    const held = fault === null ? await heldBy(path, certificate) : null;
    if (held === null) {
      result.unlinked.push(`${printable(path)} isn't made a link: ${fault ?? 'it holds something else'}`);
      return;
    }
    try {
      if (!dryRun) await linkInPlace(path, join(directory, held));
      result.linked.push(path);
    } catch (error) {
      result.unlinked.push(`${printable(path)} isn't made a link: ${messageOf(error)}`);
    }
  }
}

const storedFiles = ['fullchain.pem', 'cert.pem', 'chain.pem', 'privkey.pem'] as const;

/** @throws AcmeLedgerError when the store has another certificate, or one that is older */
async function assertIsStored(stateDir: string, name: string, { facts }: FoundCertificate): Promise<void> {
  const stored = await readStored(stateDir, name);
  const isSame = stored?.serial === facts.serial;
  const isLater =
    stored !== null &&
    stored.notBefore >= facts.notBefore &&
    facts.names.every((one) => stored.names.includes(one));
  if (isSame || isLater) return;
  throw new AcmeLedgerError('usage', 'the store has another certificate of that name');
}

/** The file of the store that a client's file stands for; null when it holds anything else. */
async function heldBy(path: string, found: FoundCertificate): Promise<(typeof storedFiles)[number] | null> {
  const text = await foundText(path, maxBytes).catch(() => '');
  const own = parseChain(found.chainPem);
  const [leaf] = own;
  if (isKeyOf(text, leaf)) return text.includes('BEGIN CERTIFICATE') ? null : 'privkey.pem';
  const [first, ...others] = certificatesIn(text);
  if (first === undefined || text.includes('PRIVATE KEY')) return null;
  if (!first.raw.equals(leaf.raw)) {
    return [first, ...others].every((one) => own.some(({ raw }) => raw.equals(one.raw))) ? 'chain.pem' : null;
  }
  const isWhole = others.length > 0 || (own.length === 1 && /fullchain/.test(path));
  return isWhole ? 'fullchain.pem' : 'cert.pem';
}

function certificatesIn(text: string): X509Certificate[] {
  try {
    return parseChain(text);
  } catch {
    return [];
  }
}

function isKeyOf(text: string, leaf: X509Certificate): boolean {
  try {
    return leaf.publicKey.equals(createPublicKey(createPrivateKey(text)));
  } catch {
    return false;
  }
}
