import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { failedWith } from '../system/durable-file.ts';
import { readGivenFile } from '../system/given-file.ts';
import { AcmeLedgerError } from '../errors.ts';
import { pathAsMeant } from '../system/home-directory.ts';
import { printable } from '../printable.ts';
import { parseConfiguration } from './configuration-text.ts';
import type { Layer } from './layer.ts';

// Some ten thousand certificates, which take seconds to read; more are for `cert import`. This is where a mistaken path ends.
const maxBytes = 4 * 1024 * 1024;

/** In the current directory. */
const nameInDirectory = 'acme-ledger.yaml';

export interface Places {
  cwd: string;
  isRoot: boolean;
  /** Null for a user who has none. */
  home: string | null;
  /** `XDG_CONFIG_HOME`. */
  configHome: string | undefined;
}

/**
 * The configuration file to read: the one asked for, else the first of the usual places that exists, else null.
 * Root is often in directories where others leave files, and doesn't look in the current one.
 */
export async function findConfigurationFile(
  asked: string | undefined,
  places: Places,
): Promise<string | null> {
  if (asked !== undefined) {
    const path = pathAsMeant(
      asked,
      (fault, hint) => new AcmeLedgerError('usage', `--config ${fault}`, { hint }),
    );
    return resolve(places.cwd, path);
  }
  for (const candidate of usualPlaces(places)) {
    if (await exists(candidate)) return candidate;
  }
  return null;
}

/** The places where a configuration file is looked for, the first that exists being read. */
export function usualPlaces(places: Places): string[] {
  const { configHome } = places;
  // XDG base directory specification: a relative path is to be ignored.
  const ofHome = places.home === null ? null : join(places.home, '.config');
  const home = configHome !== undefined && isAbsolute(configHome) ? configHome : ofHome;
  return [
    ...(places.isRoot ? [] : [join(places.cwd, nameInDirectory)]),
    ...(home === null ? [] : [join(home, 'acme-ledger', 'config.yaml')]),
    '/etc/acme-ledger/config.yaml',
  ];
}

/**
 * A file of root's in the current directory that root doesn't read unless told so: whoever put it there expects it to be heeded.
 * @returns its path, or null
 */
export function passedOver(found: string | null, { cwd, isRoot }: Places): string | null {
  const path = join(cwd, nameInDirectory);
  if (!isRoot || found === path) return null;
  return statSync(path, { throwIfNoEntry: false })?.uid === 0 ? path : null;
}

/**
 * Reads and checks a configuration file.
 * @throws AcmeLedgerError `configuration` with file, line and column
 */
export async function readConfigurationFile(path: string): Promise<Layer> {
  return parseConfiguration(path, await readText(path));
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readGivenFile({ path, what: 'the configuration file', maxBytes, mayBeEmpty: true });
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof AcmeLedgerError)) {
      throw new AcmeLedgerError('configuration', `${printable(path)} isn't UTF-8`, {
        hint: 'save it as UTF-8',
        cause,
      });
    }
    throw new AcmeLedgerError('configuration', cause.message, { hint: cause.hint ?? '', cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // A file that is there and can't be looked at is an error of its own, reported when it is read.
    return !failedWith(error, 'ENOENT', 'ENOTDIR');
  }
}
