import { linkSync, lstatSync, readlinkSync, symlinkSync } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { failedWith, syncDirectory, uniqueSuffix } from './durable-file.ts';

/** What follows the name of a file that was put aside. */
const asideSuffix = '.before-acme-ledger';

/** Whether a path is a symbolic link to that place. */
export function isLinkTo(path: string, target: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isSymbolicLink() === true && resolve(dirname(path), readlinkSync(path)) === target;
}

/**
 * Puts a symbolic link in the place of a file, in one step: whoever opens it finds the one or the other. The file itself
 * stays beside it under another name, unless one of that name is there already.
 * @throws the error of link(2), symlink(2) or rename(2), with the file still in place
 */
export async function linkInPlace(path: string, target: string): Promise<void> {
  const temporary = `${path}.${uniqueSuffix()}`;
  try {
    linkSync(path, `${path}${asideSuffix}`);
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
  }
  symlinkSync(target, temporary);
  try {
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
