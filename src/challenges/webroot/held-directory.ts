import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failedWith } from '../../system/durable-file.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

/**
 * An open directory. Its entries are reached from the descriptor and not by a path from the root, so that nobody can put another directory
 * or a link in the place of one that was looked at already. Node has no openat(2); on Linux a path below /proc/self/fd means the same.
 */
export interface HeldDirectory {
  /** As a person would write it; for messages alone. */
  path: string;
  stats: Stats;
  /** The path to hand to system calls for an entry. */
  entry(name: string): string;
  close(): Promise<void>;
}

/** Of a directory whose entries are only removed by their owners, as /tmp. Node doesn't name it. */
const stickyBit = 0o1000;

/** One whose mode and owner can be changed. */
export interface HeldFile extends HeldDirectory {
  file: FileHandle;
}

/** As many as Linux follows in one path (path_resolution(7)). */
const linksMax = 40;

/** open(2) on Linux: a handle on a directory that need not be readable. Node doesn't name it. */
const oPath = process.platform === 'linux' ? 0o10000000 : 0;

const directoryFlags = oPath | constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Opens a directory by its absolute path, component by component. A link is followed when it is root's or this user's, or when it leads to
 * a directory of the link's own owner: everybody else could make root write wherever they want.
 * @throws AcmeLedgerError `solver` for a link that isn't followed; the error of the system
 */
export async function holdDirectory(path: string): Promise<HeldDirectory> {
  return descend(await holdRoot(), componentsOf(path), { links: 0 });
}

/** Opens a directory in a held one, which stays open, by the same rules. @throws as `holdDirectory` */
export async function holdBelow(directory: HeldDirectory, name: string): Promise<HeldDirectory> {
  const again = await held(directory.entry('.'), directory.path);
  return descend(again, [name], { links: 0 });
}

/** Opens a directory in a held one to change it. Never through a link. */
export function holdToChange(directory: HeldDirectory, name: string): Promise<HeldFile> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return held(directory.entry(name), join(directory.path, name), flags);
}

/** Whether the descriptors of this process lead to what they are open for (a /proc of Linux). */
let isReachable: boolean | undefined;

async function holdRoot(): Promise<HeldDirectory> {
  const root = await held('/', '/');
  if (isReachable === undefined) {
    const throughDescriptor = await stat(root.entry('.')).catch(() => null);
    isReachable = throughDescriptor?.ino === root.stats.ino && throughDescriptor.dev === root.stats.dev;
  }
  return root;
}

/** Takes `directory` over: it is closed once the next one is open, or it failed. */
async function descend(
  directory: HeldDirectory,
  components: readonly string[],
  budget: { links: number },
): Promise<HeldDirectory> {
  let current = directory;
  for (const name of components) {
    const parent = current;
    try {
      current = await step(parent, name, budget);
    } finally {
      await parent.close();
    }
  }
  return current;
}

async function step(parent: HeldDirectory, name: string, budget: { links: number }): Promise<HeldDirectory> {
  const path = join(parent.path, name);
  assertSteady(parent);
  try {
    return await held(parent.entry(name), path);
  } catch (error) {
    // O_NOFOLLOW with O_DIRECTORY: one of these, for a link as for a file.
    if (!failedWith(error, 'ENOTDIR', 'ELOOP')) throw error;
  }
  const link = await linkAt(parent.entry(name));
  if (link === null) throw new Error(`${path} isn't a directory`);
  budget.links += 1;
  if (budget.links > linksMax) throw new Error(`${path} is one of too many links`);
  const start = link.target.startsWith('/') ? await holdRoot() : await held(parent.entry('.'), parent.path);
  const directory = await descend(start, componentsOf(link.target), budget);
  if (link.trust === 'full' || (link.trust === 'own' && directory.stats.uid === link.owner))
    return { ...directory, path };
  await directory.close();
  throw strangersLink(path, link);
}

interface Link {
  target: string;
  owner: number;
  /** Where it may lead: anywhere, to its owner's own directories, or nowhere. */
  trust: 'full' | 'own' | 'none';
}

/** Null when it isn't a link. */
async function linkAt(entry: string): Promise<Link | null> {
  const before = await lstat(entry, { bigint: true });
  if (!before.isSymbolicLink()) return null;
  const target = await readlink(entry);
  const after = await lstat(entry, { bigint: true });
  // Somebody moves things about: the target may be of another link than the one that was judged.
  if (before.ino !== after.ino || before.dev !== after.dev || before.ctimeNs !== after.ctimeNs)
    throw new Error('a link was exchanged while it was looked at');
  const owner = Number(before.uid);
  const isOurs = owner === 0 || owner === process.geteuid?.();
  // A link with a second name may be root's from elsewhere, put here by another user with link(2).
  return { target, owner, trust: !isOurs ? 'own' : before.nlink === 1n ? 'full' : 'none' };
}

async function held(entry: string, path: string, flags = directoryFlags): Promise<HeldFile> {
  const file = await open(entry, flags).catch((error: unknown) => {
    // Else a person is told of a number in /proc.
    if (error instanceof Error) error.message = error.message.replace(entry, path);
    throw error;
  });
  try {
    return heldBy(file, path, await file.stat());
  } catch (error) {
    await file.close();
    throw error;
  }
}

function heldBy(file: FileHandle, path: string, stats: Stats): HeldFile {
  return {
    path,
    stats,
    file,
    entry: (name) => (isReachable === false ? join(path, name) : `/proc/self/fd/${String(file.fd)}/${name}`),
    close: () => file.close(),
  };
}

/**
 * Without /proc everything goes by paths, in which whoever may write to a directory can exchange what is below. A user can only be made to
 * harm that user's own files by it; root could be made to harm everybody's.
 */
function assertSteady({ path, stats }: HeldDirectory): void {
  if (isReachable !== false || process.geteuid?.() !== 0) return;
  const mayBeChanged = (stats.mode & 0o022) !== 0 && (stats.mode & stickyBit) === 0;
  if (stats.uid === 0 && !mayBeChanged) return;
  throw new AcmeLedgerError(
    'solver',
    `other users may change ${printable(path)}, and without /proc root can't write below it safely`,
    { hint: 'mount /proc, or run acme-ledger as the user whom the webroot belongs to' },
  );
}

function strangersLink(path: string, { owner, target }: Link): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `${printable(path)} is a link of user ${String(owner)} to ${printable(target)}, which belongs to somebody else`,
    {
      hint: 'name the directory itself with --webroot, or let root make the link: whoever owns it chooses where acme-ledger writes',
    },
  );
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
