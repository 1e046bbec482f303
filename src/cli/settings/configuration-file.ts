import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { failedWith } from '../../certificates/durable-file.ts';
import { readGivenFile } from '../../certificates/given-file.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { parseConfiguration } from './configuration-text.ts';
import type { Layer } from './layer.ts';

// Some ten thousand certificates, which take seconds to read; more are for `cert import`. This is where a mistaken path ends.
const maxBytes = 4 * 1024 * 1024;

export interface Places {
  cwd: string;
  home: string;
  /** `XDG_CONFIG_HOME`. */
  configHome: string | undefined;
}

/** The configuration file to read: the one asked for, else the first of the usual places that exists, else null. */
export async function findConfigurationFile(
  asked: string | undefined,
  places: Places,
): Promise<string | null> {
  if (asked !== undefined) return resolve(places.cwd, asked);
  const { configHome } = places;
  // XDG base directory specification: a relative path is to be ignored.
  const home = configHome !== undefined && isAbsolute(configHome) ? configHome : join(places.home, '.config');
  const candidates = [
    join(places.cwd, 'acme-ledger.yaml'),
    join(home, 'acme-ledger', 'config.yaml'),
    '/etc/acme-ledger/config.yaml',
  ];
  for (const candidate of candidates) {
    if (await exists(candidate)) return candidate;
  }
  return null;
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
    // One that is there and can't be looked at is an error of its own, told when it's read.
    return !failedWith(error, 'ENOENT', 'ENOTDIR');
  }
}
