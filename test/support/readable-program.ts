import { rmSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../', import.meta.url));

/** What the built program needs. */
const parts = [
  'package.json',
  'bin',
  'dist',
  'node_modules/better-sqlite3/package.json',
  'node_modules/better-sqlite3/lib',
  'node_modules/better-sqlite3/build/Release/better_sqlite3.node',
  'node_modules/bindings',
  'node_modules/file-uri-to-path',
];

/** What another user starts: a Node and the program. */
export interface ReadableProgram {
  node: string;
  program: string;
}

/**
 * The built program where every user can read it: the project may lie below a directory that only root may enter, as /root is. Then it is a
 * copy that is gone when this process ends.
 */
export function readableProgram(): Promise<ReadableProgram> {
  copied ??= copyWhatIsClosed();
  return copied;
}

let copied: Promise<ReadableProgram> | undefined;

async function copyWhatIsClosed(): Promise<ReadableProgram> {
  const program = path.join(project, 'bin', 'acme-ledger');
  const bundle = path.join(project, 'dist', 'acme-ledger.cjs');
  const isNodeOpen = await isOpen(process.execPath);
  const node = process.execPath;
  if (isNodeOpen && (await isOpen(program)) && (await isOpen(bundle))) return { node, program };
  const copy = await mkdtemp(path.join(tmpdir(), 'acme-ledger-program-'));
  process.once('exit', () => {
    rmSync(copy, { recursive: true, force: true });
  });
  for (const part of parts) await cp(path.join(project, part), path.join(copy, part), { recursive: true });
  if (!isNodeOpen) await cp(node, path.join(copy, 'node'));
  await openToAll(copy);
  return {
    node: isNodeOpen ? node : path.join(copy, 'node'),
    program: path.join(copy, 'bin', 'acme-ledger'),
  };
}

/** Whether every user may read a file and enter each directory above it. */
async function isOpen(file: string): Promise<boolean> {
  if (((await stat(file)).mode & 0o004) === 0) return false;
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    if (((await stat(directory)).mode & 0o001) === 0) return false;
    if (directory === path.dirname(directory)) return true;
  }
}

async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const name of await readdir(directory, { recursive: true })) {
    const entry = path.join(directory, name);
    await chmod(entry, ((await stat(entry)).mode & 0o700) | 0o055);
  }
}
