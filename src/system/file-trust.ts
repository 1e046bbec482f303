import { accessSync, constants, lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { failedWith } from './durable-file.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';

/** Why a file isn't to be obeyed, and what to type. */
export interface Distrust {
  /** The reason in words that stand behind the file's name, as in "belongs to user 1000". */
  reason: string;
  hint: string;
}

/** Users beside root and the effective user whose files this process obeys. */
const othersTrusted = new Set<number>();

/** `--as-other-user`: from now on this process obeys that user's files. */
export function trustUser(user: number): void {
  othersTrusted.add(user);
}

/**
 * Looks whether anybody but root and the user of this process can change what a file says: the file itself,
 * each directory above it, and each link on the way. In a directory such as /tmp, whose entries only their
 * owners may remove, it is the entry's owner who counts (docs/decisions.md#files-that-others-may-change).
 * @param path absolute
 * @returns null when nobody else can, or nothing is there
 */
export function distrustOf(path: string, user = process.geteuid?.()): Distrust | null {
  // A system without users.
  if (user === undefined) return null;
  const faults = new Map<string, Fault>();
  inspect(path, { user, faults, links: 0 });
  const [first] = faults.values();
  // The faults from the file to the root: the nearest to the file is reported.
  return first === undefined ? null : told([...faults.values()].reverse(), path, user);
}

interface Fault {
  path: string;
  what: 'file' | 'directory' | 'link';
  /** The user to whom it belongs, when that is the fault. */
  stranger: number | null;
  mode: number;
}

interface Inspection {
  user: number;
  faults: Map<string, Fault>;
  links: number;
}

/** The mode bit of a directory whose entries are only removed by their owners. Node has no name for it. */
const stickyBit = 0o1000;
/** The number of links that Linux follows in one path (path_resolution(7)). */
const linksMax = 40;

function inspect(path: string, inspection: Inspection): void {
  const components = resolve(path).split('/').filter(Boolean);
  let current = '/';
  for (let index = 0; index <= components.length; index += 1) {
    const stats = statsOf(current);
    if (stats === null) return;
    look(current, stats, inspection);
    const rest = components.slice(index);
    if (stats.isSymbolicLink()) {
      inspection.links += 1;
      if (inspection.links > linksMax) return;
      inspect(resolve(dirname(current), readlinkSync(current), ...rest), inspection);
      return;
    }
    // A device or a pipe is passed over: whoever reads it looks at what it is.
    if (!stats.isDirectory()) return;
    current = join(current, components[index] ?? '');
  }
}

/** The entry at a path; null where nothing is there, or it can't be looked at: whoever opens it is told. */
function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function look(path: string, stats: Stats, { user, faults }: Inspection): void {
  const what = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : 'file';
  if (what === 'file' && !stats.isFile()) return;
  const isOurs = stats.uid === 0 || stats.uid === user || othersTrusted.has(stats.uid);
  const isOpen =
    what !== 'link' &&
    (stats.mode & 0o022) !== 0 &&
    !(what === 'directory' && (stats.mode & stickyBit) !== 0) &&
    !isMountedReadOnly(path);
  if (isOurs && !isOpen) return;
  faults.set(path, { path, what, stranger: isOurs ? null : stats.uid, mode: stats.mode & 0o7777 });
}

/**
 * Whether a directory is on a mount that can't be written, as those of a Kubernetes ConfigMap are, whose mode
 * is 0777.
 */
function isMountedReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return failedWith(error, 'EROFS');
  }
}

function told(faults: readonly Fault[], path: string, user: number): Distrust {
  const [nearest] = faults;
  return {
    reason: nearest === undefined ? '' : reasonOf(nearest, path),
    hint: hintFor(faults, path, user),
  };
}

function reasonOf({ path, what, stranger, mode }: Fault, asked: string): string {
  const subject =
    what === 'directory'
      ? `is in ${printable(path)}, which `
      : path === asked
        ? ''
        : `leads to ${printable(path)}, which `;
  if (stranger !== null) return `${subject}belongs to user ${String(stranger)}`;
  const who = (mode & 0o002) !== 0 ? 'everybody' : 'its group';
  return `${subject}may be changed by ${who} (mode ${mode.toString(8).padStart(4, '0')})`;
}

function hintFor(faults: readonly Fault[], path: string, user: number): string {
  const open = faults.filter(({ what, mode }) => what !== 'link' && (mode & 0o022) !== 0);
  const closing = open.length === 0 ? '' : `chmod go-w ${wordsOf(open)}`;
  const strangers = faults.filter(({ stranger }) => stranger !== null);
  if (strangers.length === 0) return closing;
  const file = shellWord(printable(path));
  if (strangers.every(({ what }) => what === 'file') && user === 0) {
    return [`if you know what it says: chown root ${wordsOf(strangers)}`, closing]
      .filter(Boolean)
      .join(' && ');
  }
  const place =
    user === 0 ? 'where only root may write, as below /etc/acme-ledger' : 'in a directory of yours';
  return `if you know what it says, keep a copy ${place}, and name that: cp ${file} COPY`;
}

function wordsOf(faults: readonly Fault[]): string {
  return faults.map(({ path }) => shellWord(printable(path))).join(' ');
}
