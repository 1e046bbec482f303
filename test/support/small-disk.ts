import { execFile } from 'node:child_process';
import { chmod, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk of its own that can get full or read-only: tmpfs where one may be mounted (root, or sudo without a password). */
export interface SmallDisk {
  path: string;
  /** Leaves no room. Where there is no tmpfs, the process with this number can't write from now on (RLIMIT_FSIZE). */
  fill(pid?: number): Promise<void>;
  makeRoom(): Promise<void>;
  setReadOnly(isReadOnly: boolean): Promise<void>;
  remove(): Promise<void>;
}

const sizeKib = 6 * 1024;

export async function mountSmallDisk(directory: string): Promise<SmallDisk> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const owner = `uid=${String(process.getuid?.() ?? 0)},mode=0700`;
  try {
    await asRoot('mount', '-t', 'tmpfs', '-o', `size=${String(sizeKib)}k,${owner}`, 'tmpfs', directory);
  } catch {
    return limitedFolder(directory);
  }
  const ballast = path.join(directory, 'ballast');
  return {
    path: directory,
    fill: () => fillWith(ballast),
    makeRoom: () => rm(ballast, { force: true }),
    setReadOnly: async (isReadOnly) =>
      asRoot('mount', '-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, directory),
    remove: () => asRoot('umount', '--lazy', directory),
  };
}

/** Whoever may not mount isn't root: modes and limits hold for them. */
function limitedFolder(directory: string): SmallDisk {
  return {
    path: directory,
    async fill(pid) {
      if (pid === undefined)
        throw new Error('without a tmpfs only a process that runs can be stopped from writing');
      await run('prlimit', ['--pid', String(pid), `--fsize=${String(await largestLimit(directory))}`]);
    },
    makeRoom: () => Promise.resolve(),
    async setReadOnly(isReadOnly) {
      const ledger = path.join(directory, 'ledger.sqlite');
      await chmod(ledger, isReadOnly ? 0o400 : 0o600);
      await chmod(directory, isReadOnly ? 0o500 : 0o700);
    },
    remove: () => Promise.resolve(),
  };
}

/**
 * Hooks inherit the limit, and write their small files elsewhere: where only the ledger lies, it is as large as that one's log, which
 * can't grow then; where everything does, nothing can be written.
 */
async function largestLimit(directory: string): Promise<number> {
  const names = await readdir(directory);
  if (names.includes('certificates') || !names.includes('ledger.sqlite-wal')) return 0;
  return (await stat(path.join(directory, 'ledger.sqlite-wal'))).size;
}

async function asRoot(command: string, ...args: string[]): Promise<void> {
  await (process.getuid?.() === 0 ? run(command, args) : run('sudo', ['-n', command, ...args]));
}

/** To the last byte. */
async function fillWith(file: string): Promise<void> {
  const handle = await open(file, 'a');
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (let size = block.length; size >= 1;) {
      try {
        const { bytesWritten } = await handle.write(block, 0, size);
        if (bytesWritten < size) throw new Error('no room for the whole block');
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    await handle.close();
  }
  const { bavail } = await statfs(file);
  if (bavail > 0) throw new Error(`${String(bavail)} blocks are free still`);
}
