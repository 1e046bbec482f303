import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the two programs of Pebble lie. */
export interface PebbleBinaries {
  pebble: string;
  challtestsrv: string;
}

/** Where `scripts/get-pebble.ts` puts what it fetched. */
export const pebbleCache = fileURLToPath(new URL('../../.cache/pebble', import.meta.url));

/** The one command that installs Pebble where there is no Debian archive. */
export const installPebble =
  'go install github.com/letsencrypt/pebble/v2/cmd/pebble@latest github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@latest';

/**
 * The two programs: from `PEBBLE_BIN` (a directory, or the pebble binary), from PATH, or fetched before.
 * @throws Error with the command to run when they aren't there.
 */
export async function findPebble(): Promise<PebbleBinaries> {
  const found = await lookForPebble();
  if (found === undefined) {
    throw new Error('Pebble 2.10 or newer is not here; run: npx tsx scripts/get-pebble.ts');
  }
  return found;
}

/**
 * As `findPebble`, but `undefined` when they aren't there. Older ones on PATH are passed over.
 * @throws Error when `PEBBLE_BIN` names something that isn't Pebble 2.10 or newer.
 */
export async function lookForPebble(): Promise<PebbleBinaries | undefined> {
  const wanted = process.env['PEBBLE_BIN'];
  if (wanted !== undefined && wanted !== '') return await pebbleNamedBy(wanted);
  const directories = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((directory) => directory !== '');
  for (const directory of [...directories, pebbleCache]) {
    const found = await pebbleIn(directory);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function pebbleNamedBy(wanted: string): Promise<PebbleBinaries> {
  const isDirectory = await stat(wanted).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const found = await pebbleIn(isDirectory ? wanted : path.dirname(wanted));
  if (found === undefined) {
    throw new Error(`PEBBLE_BIN=${wanted}: pebble 2.10 or newer and pebble-challtestsrv are not there`);
  }
  return found;
}

/** The two programs of one directory, if both are there and new enough. */
export async function pebbleIn(directory: string): Promise<PebbleBinaries | undefined> {
  const binaries = {
    pebble: path.resolve(directory, 'pebble'),
    challtestsrv: path.resolve(directory, 'pebble-challtestsrv'),
  };
  try {
    await access(binaries.pebble, constants.X_OK);
    await access(binaries.challtestsrv, constants.X_OK);
    return (await isRecent(binaries.pebble)) ? binaries : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Pebble built by a distribution calls itself "dev" whatever its version (and Canonical has another program of that
 * name), so look for a challenge type that came with 2.10, the first with all that the tests use.
 */
async function isRecent(pebble: string): Promise<boolean> {
  return (await readFile(pebble)).includes('dns-persist-01');
}
