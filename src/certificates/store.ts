import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { factsOf, parseChain, type CertificateFacts } from './certificate.ts';
import { failedWith, syncDirectory } from '../system/durable-file.ts';
import { keyTypeOf, type KeyType } from './key.ts';
import { assertStoreName } from './store-name.ts';
import { pruneVersions, removeVersion, swapIn, versionsOf, writeVersion } from './store-version.ts';
import { shellWord } from '../shell-word.ts';

/** The place of a certificate: absolute paths that stay the same when it is renewed. */
export interface StoredPaths {
  directory: string;
  fullchain: string;
  cert: string;
  chain: string;
  /** Null when a person gave the CSR and keeps the key. */
  privkey: string | null;
}

export interface StoredCertificate {
  name: string;
  names: string[];
  serial: string;
  notBefore: Date;
  notAfter: Date;
  issuerCommonName: string | null;
  /** Null for a key that isn't among the five. */
  keyType: KeyType | null;
  paths: StoredPaths;
}

/**
 * Puts a certificate, its chain and its key (null: none) in place of the ones before, all at once:
 * `certificates/<name>` is a symbolic link to a directory that holds them, and one rename(2) moves it.
 * Whoever dies in between leaves the old set or the new one; of two that store at once the later wins. On
 * disk before it returns (docs/decisions.md#certificate-directories-are-links).
 * @throws AcmeLedgerError `bad-name`; `store` when it can't be written, with what was there still in place
 */
export async function storeCertificate(
  stateDir: string,
  name: string,
  content: { chainPem: string; keyPem: string | null },
): Promise<StoredPaths> {
  await (await prepareCertificate(stateDir, name, content)).swapIn();
  return pathsOf(stateDir, name, content.keyPem !== null);
}

/** A certificate that is on disk, and that nothing points to yet. */
export interface PreparedCertificate {
  /**
   * Puts the certificate in place of the one before, in one step.
   * @throws AcmeLedgerError `store`, with what was there still in place
   */
  swapIn(): Promise<void>;
  /** The version won't be put in place. */
  discard(): void;
}

/**
 * The part of storing that takes long and changes nothing that anybody sees.
 * @throws AcmeLedgerError `bad-name`; `store` when it can't be written
 */
export async function prepareCertificate(
  stateDir: string,
  name: string,
  content: { chainPem: string; keyPem: string | null },
): Promise<PreparedCertificate> {
  assertStoreName(name);
  const chain = parseChain(content.chainPem).map((certificate) => certificate.toString());
  const attempt = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw translated(error, stateDir, name);
    }
  };
  const version = await attempt(() =>
    writeVersion(stateDir, name, {
      'fullchain.pem': chain.join(''),
      'cert.pem': chain.slice(0, 1).join(''),
      'chain.pem': chain.slice(1).join(''),
      ...(content.keyPem === null ? {} : { 'privkey.pem': content.keyPem }),
    }),
  );
  return {
    swapIn: () =>
      attempt(async () => {
        const before = currentVersion(stateDir, name);
        await swapIn(stateDir, name, version);
        pruneVersions(stateDir, name, [version, before]);
      }),
    discard: () => {
      removeVersion(stateDir, name, version);
    },
  };
}

/**
 * The certificate stored under a name, or null.
 * @throws AcmeLedgerError `bad-name`; `store` when it can't be read
 */
export async function readStored(stateDir: string, name: string): Promise<StoredCertificate | null> {
  assertStoreName(name);
  try {
    // All files are read from one version, even when the link moves meanwhile.
    const directory = resolved(linkOf(stateDir, name));
    const pem = await readFile(join(directory, 'fullchain.pem'), 'utf8');
    const hasKey = (await readdir(directory)).includes('privkey.pem');
    return describe(name, pem, pathsOf(stateDir, name, hasKey));
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return null;
    throw translated(error, stateDir, name, 'read');
  }
}

/** Whether the files of a certificate are there, without reading them: for ten thousand at once. */
export function isStored(stateDir: string, name: string, withKey: boolean): boolean {
  // `join` would take a third of the time.
  const link = `${stateDir}/certificates/${name}`;
  return existsSync(`${link}/fullchain.pem`) && (!withKey || existsSync(`${link}/privkey.pem`));
}

/** The file of the leaf alone, for a look at ten thousand of them. @throws AcmeLedgerError `bad-name` */
export function leafFileOf(stateDir: string, name: string): string {
  assertStoreName(name);
  return join(linkOf(stateDir, name), 'cert.pem');
}

/** Removes a certificate with its keys; false when there was none. @throws AcmeLedgerError `bad-name`, `store` */
export async function removeStored(stateDir: string, name: string): Promise<boolean> {
  assertStoreName(name);
  const link = linkOf(stateDir, name);
  const versions = versionsOf(stateDir, name);
  try {
    const there = currentVersion(stateDir, name) !== null;
    await rm(link, { recursive: true, force: true });
    await rm(versions, { recursive: true, force: true });
    if (there) await Promise.all([syncDirectory(dirname(link)), syncDirectory(dirname(versions))]);
    return there;
  } catch (error) {
    throw translated(error, stateDir, name);
  }
}

/** The name of the version that is in place, or null when there is none. */
function currentVersion(stateDir: string, name: string): string | null {
  const link = linkOf(stateDir, name);
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) return null;
  try {
    return basename(resolved(link));
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * The directory that a link points to, or the path itself when it is a directory, as a copy of the state
 * directory may have it.
 */
function resolved(path: string): string {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch (error) {
    if (failedWith(error, 'EINVAL')) return path;
    throw error;
  }
}

function describe(name: string, pem: string, paths: StoredPaths): StoredCertificate {
  const facts = leafFacts(pem);
  if (facts === null) {
    throw new AcmeLedgerError(
      'store',
      `${printable(paths.fullchain)} is damaged: it holds no readable certificate`,
      {
        hint: `acme-ledger issue --force with the names of ${shellWord(name)} makes a new one`,
      },
    );
  }
  const { names, serial, notBefore, notAfter, issuerCommonName, publicKey } = facts;
  return { name, names, serial, notBefore, notAfter, issuerCommonName, keyType: keyTypeOf(publicKey), paths };
}

function leafFacts(pem: string): CertificateFacts | null {
  try {
    return factsOf(parseChain(pem)[0]);
  } catch {
    return null;
  }
}

function linkOf(stateDir: string, name: string): string {
  return join(stateDir, 'certificates', name);
}

function pathsOf(stateDir: string, name: string, hasKey: boolean): StoredPaths {
  const directory = resolve(linkOf(stateDir, name));
  return {
    directory,
    fullchain: join(directory, 'fullchain.pem'),
    cert: join(directory, 'cert.pem'),
    chain: join(directory, 'chain.pem'),
    privkey: hasKey ? join(directory, 'privkey.pem') : null,
  };
}

function translated(
  error: unknown,
  stateDir: string,
  name: string,
  what: 'kept' | 'read' = 'kept',
): AcmeLedgerError {
  if (error instanceof AcmeLedgerError) return error;
  const directory = printable(linkOf(stateDir, name));
  const hint = failedWith(error, 'EISDIR')
    ? `${directory} is no link made by acme-ledger: mv ${shellWord(directory)} ${shellWord(`${directory}.old`)} and run again`
    : what === 'read'
      ? 'check who may read it: acme-ledger is to be run by one user only'
      : 'check free space and permissions there; what was in place still is';
  return new AcmeLedgerError(
    'store',
    `the certificate in ${directory} can't be ${what}: ${printable(messageOf(error))}`,
    {
      hint,
      cause: error,
    },
  );
}
