import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { messageOf } from '../errors.ts';

/** A file or folder that couldn't be looked at. */
export interface Unreadable {
  file: string;
  reason: string;
}

export interface FoundFiles {
  /** Paths below the root, with slashes. */
  paths: string[];
  unreadable: Unreadable[];
}

/** Deeper than any client's layout; what a loop of links leads into ends here at the latest. */
const maxDepth = 12;
/** More files and folders than this in one client's home are no list of accounts. */
const maxEntries = 200_000;

/**
 * The files below a folder that `isWanted`, in the order of their paths. A link to a folder is followed only where it leads to another place
 * below the same root, and never into a folder that it lies in.
 * @throws the error of readdir(2) when the root itself can't be read
 */
export async function filesBelow(root: string, isWanted: (path: string) => boolean): Promise<FoundFiles> {
  const found: FoundFiles = { paths: [], unreadable: [] };
  const realRoot = await realpath(root);
  let left = maxEntries;
  const look = async (folder: string, above: readonly string[]): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if ((left -= 1) < 0) return;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() || entry.isSymbolicLink()) await enter(path, above);
      if (!entry.isDirectory() && isWanted(path)) found.paths.push(path);
    }
  };
  const enter = async (path: string, above: readonly string[]): Promise<void> => {
    try {
      const real = await realpath(join(root, path));
      const isInside = real.startsWith(`${realRoot}${sep}`);
      if (above.length < maxDepth && isInside && !above.includes(real)) await look(path, [...above, real]);
    } catch (error) {
      // A link to a file, or to nothing.
      if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ENOENT') return;
      found.unreadable.push({ file: join(root, path), reason: messageOf(error) });
    }
  };
  await look('', [realRoot]);
  if (left < 0) {
    found.unreadable.push({ file: root, reason: `more than ${maxEntries} files: not all were looked at` });
  }
  found.paths.sort();
  return found;
}

/**
 * A file's text, in UTF-8, or in UTF-16 with its mark, as Windows PowerShell writes it.
 * @throws Error when it is missing, no regular file, or longer than `maxBytes`
 */
export async function foundText(file: string, maxBytes: number): Promise<string> {
  // Without O_NONBLOCK the opening of a pipe would wait for somebody who writes into it.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('not a regular file');
    // The buffer has one byte more than the file: the file may have grown since.
    const buffer = Buffer.alloc(Math.min(stats.size, maxBytes) + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead > maxBytes) throw new Error(`longer than ${maxBytes} bytes`);
    return textOf(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** UTF-8, or UTF-16 with its mark; without the mark. */
export function textOf(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
