import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { failedWith } from '../../system/durable-file.ts';
import { type HeldDirectory, holdBelow, holdDirectory, holdToChange } from './held-directory.ts';

/** Below the webroot (RFC 8555 §8.3). */
const directories: readonly string[] = ['.well-known', 'acme-challenge'];

/** Another order's clean-up may remove the directory between our mkdir and our write; each try loses to one rmdir. */
const maxWriteTries = 50;

/** The size of an answer, with room: a file that somebody else put there may be of any size. */
const maxBytes = 64 * 1024;

/** A file below a webroot that somebody else may own, and may be changing at this moment. */
export interface WebrootFile {
  webroot: string;
  /** Safe as a file name. */
  token: string;
}

/**
 * Writes the file, readable by everybody, and makes the directories that are missing. As root, what is made is given to the owner of the
 * directory that it is in.
 * @param onMade told of each directory that was made, by its place in `directories`
 */
export async function writeBelowWebroot(
  file: WebrootFile,
  content: string,
  onMade: (depth: number) => void,
): Promise<void> {
  let isMissing = false;
  for (let tries = 1; ; tries += 1) {
    try {
      if (isMissing) await makeMissing(file, onMade);
      await within(file.webroot, directories.length, (directory) => writeIn(directory, file.token, content));
      return;
    } catch (error) {
      if (!failedWith(error, 'ENOENT', 'EEXIST') || tries === maxWriteTries) throw error;
      // Mostly the directories are there, for another name.
      isMissing = failedWith(error, 'ENOENT');
    }
  }
}

/** @throws Error for what isn't a file, or is too long to be an answer */
export async function readBelowWebroot({ webroot, token }: WebrootFile): Promise<string> {
  return within(webroot, directories.length, async (directory) => {
    // Non-blocking: opening a FIFO that nobody writes to would wait for ever.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(directory.entry(token), flags);
    try {
      const { size, isRegular } = await sizeOf(file);
      if (!isRegular || size > maxBytes) throw new Error('there is something that is not an answer');
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  });
}

/**
 * Removes the file and what a killed run left of it.
 * @param mayGo whether the directory of that place in `directories` is to be removed when nothing is in it any more
 */
export async function removeBelowWebroot(
  { webroot, token }: WebrootFile,
  mayGo: (depth: number) => boolean,
): Promise<void> {
  for (let depth = directories.length; depth >= 0; depth -= 1) {
    const name = directories[depth];
    try {
      await within(webroot, depth, async (directory) => {
        if (name === undefined) await removeFile(directory.entry(token));
        await removeLeft(directory.entry(temporaryName(token)));
        if (name !== undefined && mayGo(depth)) await removeEmpty(directory.entry(name));
      });
    } catch (error) {
      if (!failedWith(error, 'ENOENT')) throw error;
    }
  }
}

/** Hands over the webroot, or the directory that is so many of `directories` below it. */
async function within<T>(
  webroot: string,
  depth: number,
  act: (directory: HeldDirectory) => Promise<T>,
): Promise<T> {
  let current = await holdDirectory(webroot);
  try {
    for (const name of directories.slice(0, depth)) {
      const above = current;
      current = await holdBelow(above, name);
      await above.close();
    }
    return await act(current);
  } finally {
    await current.close();
  }
}

/** The draft's name has the token, so that any process can remove it. */
function temporaryName(token: string): string {
  return `.${token}.tmp`;
}

async function writeIn(directory: HeldDirectory, token: string, content: string): Promise<void> {
  const [place, temporary] = [directory.entry(token), directory.entry(temporaryName(token))];
  const there = await lstat(place).catch(ignoring('ENOENT'));
  if (there?.isFile() === false) throw new Error('there is something that is not a file');
  await removeLeft(temporary);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(temporary, flags, 0o644);
  try {
    await file.writeFile(content);
    await file.chmod(0o644);
    await giveTo(file, directory);
  } finally {
    await file.close();
  }
  await rename(temporary, place);
}

async function makeMissing({ webroot, token }: WebrootFile, onMade: (depth: number) => void): Promise<void> {
  for (const [depth, name] of directories.entries()) {
    await within(webroot, depth, async (above) => {
      const there = await lstat(above.entry(name)).catch(ignoring('ENOENT'));
      if (there === undefined && (await makeIn(above, name, temporaryName(token)))) onMade(depth);
    });
  }
}

/**
 * Makes a directory under another name, which only this run uses, and puts it in place when it is as it should be: whoever finds it there may
 * use it, and whoever exchanges it meanwhile gets nothing.
 * @returns whether it was made
 */
async function makeIn(above: HeldDirectory, name: string, temporary: string): Promise<boolean> {
  const made = above.entry(temporary);
  await removeLeft(made);
  await mkdir(made, 0o755);
  try {
    await openToAll(above, temporary);
    await rename(made, above.entry(name));
    return true;
  } catch (error) {
    await removeEmpty(made);
    // Another run was first, and uses it already.
    if (failedWith(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
}

/** Cron's umask is often 077: the web server has to get in all the same. */
async function openToAll(above: HeldDirectory, made: string): Promise<void> {
  const directory = await holdToChange(above, made);
  try {
    const { uid, mode } = directory.stats;
    const self = process.geteuid?.();
    // Some file systems have an owner of their own for everything, as network mounts.
    if (uid !== self && !(self === 0 && uid === above.stats.uid)) return;
    const isAsMade = (mode & 0o022) === 0 && (await readdir(directory.entry('.'))).length === 0;
    if (!isAsMade) throw new Error('the directory was exchanged while it was made');
    await directory.file.chmod((mode & 0o7000) | 0o755);
    await giveTo(directory.file, above);
  } finally {
    await directory.close();
  }
}

/**
 * Whoever owns a directory may do as they like with all that is in it, so it gives them nothing; and a tenant's files stay the tenant's, in
 * their quota and for their backups. It can't be done everywhere (a network mount may forbid it), and needn't.
 */
async function giveTo(made: FileHandle, { stats: { uid, gid } }: HeldDirectory): Promise<void> {
  if (process.geteuid?.() !== 0 || uid === 0) return;
  await made.chown(uid, gid).catch(() => undefined);
}

async function sizeOf(file: FileHandle): Promise<{ size: number; isRegular: boolean }> {
  const stats = await file.stat();
  return { size: stats.size, isRegular: stats.isFile() };
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(ignoring('ENOENT'));
}

/** The remains of a killed run of ours: a half-written file, or a directory that wasn't put in place. */
async function removeLeft(path: string): Promise<void> {
  const there = await lstat(path).catch(ignoring('ENOENT'));
  if (there === undefined) return;
  if (there.isDirectory()) await removeEmpty(path);
  else await removeFile(path);
}

/** Not empty: the last one to leave removes it. Anything else isn't worth a failure: the answer itself is gone. */
async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch(() => undefined);
}

function ignoring(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!failedWith(error, ...codes)) throw error;
  };
}
