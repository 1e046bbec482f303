import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file that nobody else may read, in a directory of its own. */
export interface SecretFile {
  path: string;
  remove(): Promise<void>;
}

export async function newSecretFile(text: string): Promise<SecretFile> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-secret-'));
  const file = path.join(directory, 'credentials');
  await writeFile(file, text, { mode: 0o600 });
  return { path: file, remove: () => rm(directory, { recursive: true }) };
}
