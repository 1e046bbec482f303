import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failedWith, makeUnsynced, uniqueSuffix } from './durable-file.ts';

export interface RotationOptions {
  /** The size from which on the file is put aside. */
  maxBytes: number;
  /** How long files that were put aside are kept, from their last line on. */
  keepMs: number;
  /** Whom a file belongs to that is made here; null for whoever runs this. */
  owner: { uid: number; gid: number } | null;
  /** The present time in milliseconds; the machine's clock unless a test has its own. */
  now?: () => number;
}

const flags =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A rotation takes milliseconds; whoever held its lock for longer was killed meanwhile. */
const lockMs = 60_000;

/**
 * A file that any number of processes append whole lines to, made 0600, and put aside once it has its size. Each
 * line is one write to a descriptor that appends, which the kernel never mixes with another process's. One
 * process at a time, by a directory as a lock, renames the file; a process that has the renamed file open
 * still writes its line there, where it is kept, and opens the new one before its next.
 */
export class RotatedFile {
  readonly #path: string;
  readonly #options: RotationOptions;
  readonly #now: () => number;
  #file: number | null = null;
  /** The last line was written in part: the next one has to begin on its own. */
  #isTorn = false;

  constructor(path: string, options: RotationOptions) {
    this.#path = path;
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @param line with its line feed. @throws Error when it can't be written whole */
  append(line: string): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line);
    const written = writeSync(this.#current(), bytes);
    this.#isTorn = written < bytes.length;
    if (this.#isTorn) throw new Error('the disk is full');
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #current(): number {
    const file = this.#file ?? this.#open();
    const opened = fstatSync(file);
    const isFull = opened.size >= this.#options.maxBytes;
    if (isFull) this.#rotate(opened);
    if (!isFull && isSame(opened, lookAt(this.#path))) return file;
    this.close();
    return this.#open();
  }

  #open(): number {
    this.#makeDirectory();
    this.#removeOld();
    const isNew = lookAt(this.#path) === null;
    const file = openSync(this.#path, flags, 0o600);
    this.#file = file;
    if (!fstatSync(file).isFile()) {
      this.close();
      throw new Error("it isn't a regular file");
    }
    const { owner } = this.#options;
    if (isNew && owner !== null) fchownSync(file, owner.uid, owner.gid);
    return file;
  }

  #makeDirectory(): void {
    const directory = dirname(this.#path);
    if (lookAt(directory) !== null) return;
    makeUnsynced(directory);
    const { owner } = this.#options;
    if (owner !== null) lchownSync(directory, owner.uid, owner.gid);
  }

  #rotate(full: Stats): void {
    const lock = `${this.#path}.lock`;
    if (!this.#hasLocked(lock)) return;
    try {
      // Another process may have done it while this one looked.
      if (isSame(full, lookAt(this.#path))) renameSync(this.#path, this.#asidePath());
    } finally {
      rmdirSync(lock);
    }
  }

  /** @returns false when another process rotates the file: its lines go on where they went */
  #hasLocked(lock: string): boolean {
    try {
      mkdirSync(lock);
      return true;
    } catch (error) {
      if (!failedWith(error, 'EEXIST')) throw error;
    }
    const held = lookAt(lock);
    if (held !== null && this.#now() - held.mtimeMs > lockMs) removeIfThere(lock, rmdirSync);
    return false;
  }

  #asidePath(): string {
    const time = new Date(this.#now()).toISOString().replace(/[-:]|\.\d+/g, '');
    return `${this.#path}.${time}.${uniqueSuffix()}`;
  }

  #removeOld(): void {
    const directory = dirname(this.#path);
    const begin = `${basename(this.#path)}.`;
    for (const name of readdirSync(directory)) {
      if (!name.startsWith(begin) || !/^\d{8}T\d{6}Z\.[0-9a-f]+$/.test(name.slice(begin.length))) continue;
      const path = join(directory, name);
      const there = lookAt(path);
      if (there !== null && this.#now() - there.mtimeMs > this.#options.keepMs)
        removeIfThere(path, unlinkSync);
    }
  }
}

function lookAt(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function isSame(one: Stats, other: Stats | null): boolean {
  return other !== null && one.ino === other.ino && one.dev === other.dev;
}

/** Another process may be at it, too. */
function removeIfThere(path: string, remove: (path: string) => void): void {
  try {
    remove(path);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error;
  }
}
