import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A temporary directory with the program's state directory in it. */
export interface Workspace {
  directory: string;
  /** Doesn't exist yet: making it is the program's part. */
  stateDir: string;
  webroot: string;
  file(name: string): string;
  remove(): Promise<void>;
}

export async function newWorkspace(): Promise<Workspace> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-test-'));
  const webroot = path.join(directory, 'webroot');
  await mkdir(webroot);
  return {
    directory,
    stateDir: path.join(directory, 'state'),
    webroot,
    file: (name) => path.join(directory, name),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * This process's environment without anything that would configure the program, over which `extra` is laid. Roots beside its own
 * are that, too, and Node reads them at every start, which takes as long as all the rest of it.
 */
export function cleanEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(ACME_LEDGER_|XDG_|NO_COLOR|FORCE_COLOR|NODE_EXTRA_CA_CERTS)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}
