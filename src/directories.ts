import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory and those above it that are missing, for the owner alone (0700); what exists is left as it is.
 * Node's own `recursive` never returns where a name can't be made but isn't there either, as below /proc.
 * @returns the topmost directory that was made; undefined when all were there
 * @throws the error of mkdir(2)
 */
export async function makeDirectories(path: string): Promise<string | undefined> {
  const made = await makeOne(path);
  if (made !== 'no-parent') return made === 'made' ? path : undefined;
  const topmost = await makeDirectories(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch(unlessDirectory(path));
  return topmost ?? path;
}

async function makeOne(path: string): Promise<'made' | 'there' | 'no-parent'> {
  try {
    await mkdir(path, { mode: 0o700 });
    return 'made';
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) return 'no-parent';
    await unlessDirectory(path)(error);
    return 'there';
  }
}

function unlessDirectory(path: string): (error: unknown) => Promise<void> {
  return async (error) => {
    const isDirectory = codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory();
    if (!isDirectory) throw error;
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
