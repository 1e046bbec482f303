import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fsync, openSync, writeFileSync } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { makeDirectories } from './directories.ts';

// The calls that wait for the disk go to another thread, and no other: to send each small call there takes
// several times as long as the call (docs/decisions.md#small-files-without-threads).
const synced = promisify(fsync);

/** Writes a new small file and waits until the disk has it. Fails when the file exists. @param mode less what the umask takes away */
export async function writeDurably(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  await writeNew(path, mode, (file) => {
    writeFileSync(file, data);
  });
}

async function writeNew(path: string, mode: number, write: (file: number) => void): Promise<void> {
  const file = openSync(path, 'wx', mode);
  try {
    write(file);
    await synced(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Puts a small file in the place of one that may be there: who reads it finds the old or the new one, and after a power cut, too.
 * @param mode whatever the umask is
 */
export async function replaceFile(path: string, data: string, mode: number): Promise<void> {
  const temporary = `${path}.${uniqueSuffix()}`;
  try {
    await writeNew(temporary, 0o600, (file) => {
      writeFileSync(file, data);
      // By the descriptor: whoever may write to the directory could exchange what a path leads to.
      fchmodSync(file, mode);
    });
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await unlink(temporary).catch((failure: unknown) => {
      if (!failedWith(failure, 'ENOENT')) throw failure;
    });
    throw error;
  }
}

/**
 * Makes a directory and those above it for the owner alone, on disk before it returns. A directory that
 * exists is left as it is.
 */
export async function makePrivateDirectory(path: string): Promise<void> {
  await Promise.all(makeUnsynced(path).map(syncDirectory));
}

/**
 * Makes a directory and those above it, but doesn't wait for the disk.
 * @returns the directories that are to be synced for that, those above the new ones
 */
export function makeUnsynced(path: string): string[] {
  const whole = resolve(path);
  const firstMade = makeDirectories(whole);
  const above: string[] = [];
  // A new directory outlives a power cut only when the one above it is on disk too.
  for (let made = whole; firstMade !== undefined && made.length >= firstMade.length; made = dirname(made))
    above.push(dirname(made));
  return above;
}

/**
 * Waits until the disk has the directory's entries: without it a rename may be undone by a power cut. Callers
 * who ask while a wait goes on share the next one, so that of many certificates at once each has its entries
 * on disk by then.
 */
export function syncDirectory(path: string): Promise<void> {
  const running = syncs.get(path);
  if (running === undefined) return begun(path);
  running.next ??= running.done.catch(() => undefined).then(() => begun(path));
  return running.next;
}

interface Sync {
  done: Promise<void>;
  /** The next wait, for callers who came after this one had begun, and whose entries it may have missed. */
  next: Promise<void> | null;
}

/** The waits that go on, by directory. */
const syncs = new Map<string, Sync>();

function begun(path: string): Promise<void> {
  const sync: Sync = { done: syncNow(path), next: null };
  syncs.set(path, sync);
  const end = (): void => {
    if (syncs.get(path) === sync) syncs.delete(path);
  };
  sync.done.then(end, end);
  return sync.done;
}

async function syncNow(path: string): Promise<void> {
  const directory = openSync(path, 'r');
  try {
    await synced(directory);
  } finally {
    closeSync(directory);
  }
}

/** A part of a file name that no other process makes at the same time. */
export function uniqueSuffix(): string {
  return randomBytes(8).toString('hex');
}

/** Whether a file system call failed with one of these codes. */
export function failedWith(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
