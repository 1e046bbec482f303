import { lstatSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  makePrivateDirectory,
  makeUnsynced,
  syncDirectory,
  uniqueSuffix,
  writeDurably,
} from '../system/durable-file.ts';

export type VersionFiles = Record<string, string>;

// A version that nothing points to may be another process's unfinished work, which takes seconds at most.
const abandonedAfterMs = 60 * 60 * 1000;

/** The directory with all versions of a certificate. */
export function versionsOf(stateDir: string, name: string): string {
  return join(stateDir, 'certificate-versions', name);
}

/**
 * Writes a set of files that nothing points to yet, on disk before it returns. A set that can't be written as
 * a whole is removed: it would take room from the next try.
 * @returns the version's name
 */
export async function writeVersion(stateDir: string, name: string, files: VersionFiles): Promise<string> {
  const version = `${new Date().toISOString().replace(/[-:.]/g, '')}-${uniqueSuffix()}`;
  const directory = join(versionsOf(stateDir, name), version);
  const above = makeUnsynced(directory);
  const writing = Object.entries(files).map(([file, content]) =>
    writeDurably(join(directory, file), content, file === 'privkey.pem' ? 0o600 : 0o644),
  );
  // Nothing points there yet, so the disk may take all of it in any order; the files are there, if not yet whole, when `writeDurably` returns.
  const written = await Promise.allSettled([...writing, ...[directory, ...above].map(syncDirectory)]);
  const failed = written.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    removeIfPossible(directory);
    throw failed.reason;
  }
  return version;
}

/** Removes a version that nothing points to. What can't be removed now is removed by a later `pruneVersions`. */
export function removeVersion(stateDir: string, name: string, version: string): void {
  removeIfPossible(join(versionsOf(stateDir, name), version));
}

/** Points `certificates/<name>` to the version, in one step. */
export async function swapIn(stateDir: string, name: string, version: string): Promise<void> {
  const certificates = join(stateDir, 'certificates');
  await makePrivateDirectory(certificates);
  // The link is relative, so that the state directory can be moved; it is made where only leftovers of this
  // name lie.
  const link = join(versionsOf(stateDir, name), `link-${uniqueSuffix()}`);
  symlinkSync(join('..', 'certificate-versions', name, version), link);
  lstatSync(join(versionsOf(stateDir, name), version));
  renameSync(link, join(certificates, name));
  await syncDirectory(certificates);
}

/**
 * Removes what nobody needs of older versions and of stores that didn't end; `keep` and recent ones stay. Never fails: the
 * certificate is in place, and the next store tries again.
 */
export function pruneVersions(stateDir: string, name: string, keep: readonly (string | null)[]): void {
  const versions = versionsOf(stateDir, name);
  for (const entry of entriesOf(versions)) {
    const path = join(versions, entry);
    if (!keep.includes(entry) && isAbandoned(path)) removeIfPossible(path);
  }
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isAbandoned(path: string): boolean {
  const mtimeMs = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  return Date.now() - mtimeMs > abandonedAfterMs;
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // A version that can't be removed now lies there for the next time.
  }
}
