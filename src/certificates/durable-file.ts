import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeDirectories } from '../directories.ts';

/** Writes a new file and waits until the disk has it. Fails when the file exists. */
export async function writeDurably(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a directory and those above it for the owner alone; one that exists is left as it is. */
export async function makePrivateDirectory(path: string): Promise<void> {
  const whole = resolve(path);
  const firstMade = await makeDirectories(whole);
  if (firstMade === undefined) return;
  // A new directory outlives a power cut only when the one above it is on disk too.
  for (let made = whole; made.length >= firstMade.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

/** Waits until the disk has the directory's entries: without it a rename may be undone by a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
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
