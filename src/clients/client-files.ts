import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { homeDirectory } from '../system/home-directory.ts';
import { printable } from '../printable.ts';
import type { Unreadable } from './found-files.ts';
import { filesBelow, foundText } from './found-files.ts';

/** The surroundings that decide where clients keep their files. */
export interface Surroundings {
  home: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** The place of a client's files of one kind. */
export interface FileLayout {
  /**
   * The folders in which the client has its files unless it is told otherwise; those that exist are looked
   * through.
   */
  homes: (here: Surroundings) => readonly string[];
  /** The folder in a home with files of that kind alone; '' where there is none. */
  folder: string;
  /** Whether a file is of that kind, by its path below that folder, with slashes. */
  isWanted: (path: string) => boolean;
}

/** A file of a client's. */
export interface ClientFile {
  file: string;
  /** The parts of its path below the layout's folder; the last is the file's own name. */
  parts: readonly string[];
  text: string;
  /** The text of another file, relative to this one's folder; null when there is none that could be read. */
  beside: (path: string) => Promise<string | null>;
  /** The names in a folder, relative to this file's own; none when it can't be read. */
  namesIn: (path: string) => Promise<string[]>;
}

/** No key, certificate or setting of a client is longer. */
const maxBytes = 64 * 1024;

export function surroundings(): Surroundings {
  return { home: homeDirectory() ?? '/nonexistent', cwd: process.cwd(), env: process.env };
}

/**
 * Hands `take` each file of a layout, in the order of their paths; one that it throws at is passed over. Nothing is written.
 * @param directory the client's own directory; undefined: where the client has its files by itself
 * @returns what couldn't be read or used
 * @throws AcmeLedgerError `not-found` when there is no such directory, `bad-file` when it can't be read
 */
export async function eachClientFile(
  { client, directory, here }: { client: string; directory: string | undefined; here: Surroundings },
  layout: FileLayout,
  take: (file: ClientFile) => Promise<void>,
): Promise<Unreadable[]> {
  const unreadable: Unreadable[] = [];
  const homes = directory === undefined ? layout.homes(here) : [resolve(here.cwd, directory)];
  for (const home of existing(client, [...new Set(homes)])) {
    const root = existsSync(join(home, layout.folder)) ? join(home, layout.folder) : home;
    const found = await filesBelow(root, layout.isWanted).catch((cause: unknown) => {
      throw new AcmeLedgerError('bad-file', `${printable(root)} can't be read: ${messageOf(cause)}`, {
        hint: `check who may read it; ${client}'s files are root's as a rule`,
        cause,
      });
    });
    unreadable.push(...found.unreadable);
    for (const path of found.paths) {
      const file = join(root, path);
      try {
        await take({
          file,
          parts: path.split('/'),
          text: await foundText(file, maxBytes),
          beside: (name) => foundText(resolve(dirname(file), name), maxBytes).catch(() => null),
          namesIn: (folder) => readdir(join(dirname(file), folder)).catch(() => []),
        });
      } catch (error) {
        unreadable.push({ file, reason: messageOf(error) });
      }
    }
  }
  return unreadable;
}

function existing(client: string, homes: readonly string[]): string[] {
  const there = homes.filter((home) => existsSync(home));
  if (there.length > 0) return there;
  throw new AcmeLedgerError('not-found', `${client} has no files at ${homes.map(printable).join(' or ')}`, {
    hint: `say where they are: ${client}:DIR; where nothing is to be taken over, begin with acme-ledger issue NAME --webroot DIR`,
  });
}
