import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../system/directories.ts';
import { replaceFile } from '../system/durable-file.ts';
import { fieldsOf, dateOf } from './objects/fields.ts';
import { parseDirectory } from './directory.ts';
import type { Directory } from './objects/resources.ts';

const maxAgeMs = 24 * 3600 * 1000;

/**
 * Directories on disk, so that a run doesn't begin with asking for one. A directory that can't be read or
 * written does no harm.
 */
export interface DirectoryCache {
  /** The directory of this URL; null when there is none on disk that is whole and younger than a day. */
  read(url: string, now: Date): Promise<Directory | null>;
  write(url: string, directory: Directory, now: Date): Promise<void>;
  forget(url: string): Promise<void>;
}

/** @param folder made when it is needed; undefined: nothing is kept */
export function directoryCache(folder: string | undefined): DirectoryCache {
  if (folder === undefined)
    return {
      read: () => Promise.resolve(null),
      write: () => Promise.resolve(),
      forget: () => Promise.resolve(),
    };
  return {
    read: (url, now) => read(fileOf(folder, url), url, now).catch(() => null),
    write: (url, directory, now) =>
      write(fileOf(folder, url), { url, fetchedAt: now, directory }).catch(() => undefined),
    forget: (url) => rm(fileOf(folder, url), { force: true }).catch(() => undefined),
  };
}

/** The directory of this URL as a CA last gave it to any run, however long ago; null where none is on disk. */
export async function lastDirectory(folder: string, url: string): Promise<Directory | null> {
  try {
    const entry = fieldsOf(JSON.parse(await readFile(fileOf(folder, url), 'utf8')));
    return entry?.['url'] === url ? parseDirectory(entry['directory']) : null;
  } catch {
    return null;
  }
}

function fileOf(folder: string, url: string): string {
  return path.join(folder, `${createHash('sha256').update(url).digest('hex')}.json`);
}

async function read(file: string, url: string, now: Date): Promise<Directory | null> {
  const entry = fieldsOf(JSON.parse(await readFile(file, 'utf8')));
  const ageMs = now.getTime() - (dateOf(entry?.['fetchedAt'])?.getTime() ?? NaN);
  const usable = entry?.['url'] === url && ageMs >= 0 && ageMs < maxAgeMs;
  return usable ? parseDirectory(entry['directory']) : null;
}

async function write(file: string, entry: object): Promise<void> {
  makeDirectories(path.dirname(file));
  await replaceFile(file, JSON.stringify(entry), 0o600);
}
