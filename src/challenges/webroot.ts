import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { untilAborted } from './abortable.ts';
import { checkedToken } from './answer-values.ts';
import type { WebrootSettings } from './settings.ts';
import type { ChallengeAnswer, Solver } from './solver.ts';

/** Another order's clean-up may remove the directory between our mkdir and our write; each try loses to one rmdir. */
const maxWriteTries = 50;

/**
 * The directories that this process made. Only they are removed again: an empty one that was there before belongs to
 * somebody else. After a crash they stay, empty. Nothing is ever taken out: another order may have made the directory
 * anew before the one that removed it could say so.
 */
const madeDirectories = new Set<string>();

/** By directory, the answers of this process in it: there is no need to try and remove it before the last of them is gone. */
const answersIn = new Map<string, Set<string>>();

/** By path, what is being written: an interrupt doesn't wait for it, and what it makes must be taken down all the same. */
const writing = new Map<string, Promise<unknown>>();

/** Puts the key authorization where a web server finds it (RFC 8555 §8.3). */
export function webrootSolver({ webroot }: WebrootSettings): Solver {
  return {
    type: 'http-01',
    async present(answer, signal) {
      const place = placeOf(webroot, answer);
      const write = () => remembered(place.path, writeAnswer(webroot, place, answer.keyAuthorization));
      await atPlace(place, 'write', write, signal);
    },
    waitUntilVisible: (answer, signal) => assertThere(webroot, answer, signal),
    assertStillVisible: (answer, signal) => assertThere(webroot, answer, signal),
    async cleanUp(answer, signal) {
      const place = placeOf(webroot, answer);
      const remove = async () => {
        await writing.get(place.path)?.catch(() => undefined); // whoever waited for it has its failure
        await removeAnswer(place);
      };
      await atPlace(place, 'remove', remove, signal);
    },
    close: () => Promise.resolve(),
  };
}

async function assertThere(webroot: string, answer: ChallengeAnswer, signal: AbortSignal): Promise<void> {
  const place = placeOf(webroot, answer);
  const content = await atPlace(place, 'read', () => readRegularFile(place.path), signal);
  if (content === answer.keyAuthorization) return;
  throw placeError(
    place,
    'find our answer in',
    'something else holds other text',
    'look who else writes to this directory',
  );
}

interface Place {
  /** From the outermost, without the webroot itself. */
  directories: string[];
  directory: string;
  path: string;
  /** In the same directory, so that the rename is atomic; named by the token, so that any process can remove it. */
  temporaryPath: string;
}

function placeOf(webroot: string, answer: ChallengeAnswer): Place {
  const token = checkedToken(answer);
  const wellKnown = join(webroot, '.well-known');
  const directory = join(wellKnown, 'acme-challenge');
  return {
    directories: [wellKnown, directory],
    directory,
    path: join(directory, token),
    temporaryPath: join(directory, `.${token}.tmp`),
  };
}

async function remembered(path: string, work: Promise<void>): Promise<void> {
  writing.set(path, work);
  try {
    await work;
  } finally {
    writing.delete(path);
  }
}

async function writeAnswer(webroot: string, place: Place, content: string): Promise<void> {
  answersIn.set(place.directory, (answersIn.get(place.directory) ?? new Set()).add(place.path));
  for (let tries = 1; ; tries += 1) {
    try {
      await refuseSymlink(place.path);
      await writeWorldReadable(place.temporaryPath, content);
      await rename(place.temporaryPath, place.path);
      return;
    } catch (error) {
      if (!isCode(error, 'ENOENT', 'ENOTDIR', 'EEXIST') || tries === maxWriteTries) throw error;
      // EEXIST: what a killed run of ours left behind.
      if (isCode(error, 'EEXIST')) await removeFile(place.temporaryPath);
      // Mostly the directories are there, for another name.
      else await makeDirectories(webroot, place);
    }
  }
}

async function makeDirectories(webroot: string, { directories }: Place): Promise<void> {
  if (!(await stat(webroot)).isDirectory()) throw new Error(`${webroot} isn't a directory`);
  for (const directory of directories) await makeDirectory(directory);
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, 0o755);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    if (!(await stat(directory)).isDirectory())
      throw new Error(`${directory} isn't a directory`, { cause: error });
    return;
  }
  madeDirectories.add(directory);
  // Cron's umask is often 077: the web server has to get in all the same.
  await chmod(directory, 0o755);
}

async function refuseSymlink(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (found !== null && !found.isFile()) throw new Error('there is something that is not a file');
}

async function writeWorldReadable(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(content);
    await file.chmod(0o644);
  } finally {
    await file.close();
  }
}

async function readRegularFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function removeAnswer(place: Place): Promise<void> {
  await removeFile(place.path);
  await removeFile(place.temporaryPath);
  const others = answersIn.get(place.directory);
  others?.delete(place.path);
  if (others !== undefined && others.size > 0) return;
  answersIn.delete(place.directory);
  for (const directory of place.directories.toReversed()) {
    if (madeDirectories.has(directory)) await removeEmptyDirectory(directory);
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

async function removeEmptyDirectory(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch {
    // Not empty: the last one to leave removes it. Anything else isn't worth a failure: the answer itself is gone.
  }
}

async function atPlace<T>(
  place: Place,
  what: string,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await untilAborted(work, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw placeError(place, what, printable(messageOf(error)), hintFor(error), error);
  }
}

function placeError(place: Place, what: string, why: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('solver', `can't ${what} ${printable(place.path)}: ${why}`, { hint, cause });
}

function hintFor(error: unknown): string {
  if (isCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    return 'run as a user who may write there, or let --webroot name a directory that you may write to';
  }
  if (isCode(error, 'ENOSPC', 'EDQUOT')) return 'make room on that disk';
  return "check that --webroot names the web server's document root";
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
