import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory and those above it that are missing, for the owner alone (0700); what exists is left as it is.
 * Node's own `recursive` never returns where a name can't be made but isn't there either, as below /proc.
 * @returns the topmost directory that was made; undefined when all were there
 * @throws the error of mkdir(2)
 */
export function makeDirectories(path: string): string | undefined {
  const made = makeOne(path);
  if (made !== 'no-parent') return made === 'made' ? path : undefined;
  const topmost = makeDirectories(dirname(path));
  // Another process may make the directory meanwhile.
  if (makeOne(path) === 'no-parent') mkdirSync(path, { mode: 0o700 });
  return topmost ?? path;
}

function makeOne(path: string): 'made' | 'there' | 'no-parent' {
  // Mostly the directory is there, and a call that fails takes longer than several that don't.
  if (isDirectory(path)) return 'there';
  try {
    mkdirSync(path, { mode: 0o700 });
    return 'made';
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) return 'no-parent';
    if (codeOf(error) !== 'EEXIST' || !isDirectory(path)) throw error;
    return 'there';
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // mkdir(2) will say why.
    return false;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
