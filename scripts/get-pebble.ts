/** Makes sure that Pebble is here: fetches it without root where a Debian archive is known, else says how to install it. */
import { rm } from 'node:fs/promises';
import { installPebble, lookForPebble, pebbleCache, pebbleIn } from '../test/support/pebble-binaries.ts';
import { extractNewest } from './debian-package.ts';

try {
  await getPebble();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `error: Pebble, the CA that the tests and the demo run against, is missing: ${reason}\n` +
      `hint: ${installPebble}\n` +
      `      then PEBBLE_BIN="$(go env GOPATH)/bin", or put that directory on PATH\n`,
  );
  process.exitCode = 1;
}

async function getPebble(): Promise<void> {
  if ((await lookForPebble()) !== undefined) return;
  process.stderr.write('Fetching Pebble from the Debian archive into .cache/pebble ...\n');
  // Whatever is there isn't Pebble, or is too old.
  await rm(pebbleCache, { recursive: true, force: true });
  await extractNewest('pebble', 'usr/bin', pebbleCache);
  if ((await pebbleIn(pebbleCache)) === undefined) {
    throw new Error('the Debian archive of this machine has only versions before 2.10');
  }
}
