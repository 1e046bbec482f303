import { randomBytes } from 'node:crypto';
import { closeSync, fsync, openSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { makeDirectories } from '../directories.ts';

// Only what waits for the disk goes to another thread: to send each small call there takes several times as long as the call.
const synced = promisify(fsync);

/** Writes a new small file and waits until the disk has it. Fails when the file exists. */
export async function writeDurably(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const file = openSync(path, 'wx', mode);
  try {
    writeFileSync(file, data);
    await synced(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a directory and those above it for the owner alone; one that exists is left as it is. */
export async function makePrivateDirectory(path: string): Promise<void> {
  const whole = resolve(path);
  const firstMade = makeDirectories(whole);
  if (firstMade === undefined) return;
  // A new directory outlives a power cut only when the one above it is on disk too.
  for (let made = whole; made.length >= firstMade.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

/** Waits until the disk has the directory's entries: without it a rename may be undone by a power cut. */
export async function syncDirectory(path: string): Promise<void> {
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
