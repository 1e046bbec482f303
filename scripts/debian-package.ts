import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

// Debian's own keys: apt refuses everything that isn't signed by them.
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

// Ten times what a slow line needs for the lists of packages (20 MB).
const aptTimeoutMs = 10 * 60_000;

/**
 * Fetches the newest version of a Debian package, as anybody and without installing it, and puts one of its
 * directories at `target`. apt does the work with lists, cache and sources of its own in a temporary directory.
 * Runs at the same time don't disturb each other: the first to finish wins, and what is at `target` stays.
 * @throws Error saying why it can't be had here.
 */
export async function extractNewest(name: string, directory: string, target: string): Promise<void> {
  const suitesOfMachine = await debianSuites();
  const apt = await mkdtemp(path.join(tmpdir(), 'acme-ledger-apt-'));
  try {
    const environment = await privateApt(apt, suitesOfMachine);
    const archive = await download(name, apt, environment);
    await extract(archive, directory, target);
  } finally {
    await rm(apt, { recursive: true, force: true });
  }
}

interface Archive {
  bases: string[];
  suites: string[];
}

/** The Debian archive as this machine's apt knows it; apt itself reads both forms of its sources. */
async function debianSuites(): Promise<Archive> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME="?([\w-]+)/m.exec(release)?.[1] ?? 'sid';
  if (!/^ID="?debian\b/m.test(release)) throw new Error('this machine is not a Debian');
  await access(keyring).catch(() => {
    throw new Error(`${keyring} is missing (package debian-archive-keyring)`);
  });
  const own = new Set([codename, 'stable', 'testing', 'unstable', 'sid']);
  const format = ['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)'];
  const { stdout } = await run('apt-get', ['indextargets', ...format, 'Created-By: Packages']);
  const entries = stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, suite, component]) => own.has(suite ?? '') && component === 'main');
  if (entries.length === 0) throw new Error("this machine's apt sources name no Debian archive");
  return {
    bases: unique(entries.map(([base]) => base ?? '')),
    suites: unique(['trixie', 'sid', ...entries.map(([, suite]) => suite ?? '')]),
  };
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}

/** Writes a configuration on top of the machine's own (which may name a proxy), and gives the environment that uses it. */
async function privateApt(apt: string, { bases, suites }: Archive): Promise<NodeJS.ProcessEnv> {
  await mkdir(path.join(apt, 'sources'));
  await mkdir(path.join(apt, 'lists/partial'), { recursive: true });
  await mkdir(path.join(apt, 'cache/archives/partial'), { recursive: true });
  await writeFile(
    path.join(apt, 'sources/debian.sources'),
    `Types: deb\nURIs: ${bases.join(' ')}\nSuites: ${suites.join(' ')}\nComponents: main\nSigned-By: ${keyring}\n`,
  );
  const configuration = path.join(apt, 'apt.conf');
  await writeFile(configuration, configurationOf(apt));
  return { ...process.env, APT_CONFIG: configuration, LC_ALL: 'C' };
}

function configurationOf(apt: string): string {
  return [
    // Hooks and preferences of the machine are about its own packages.
    '#clear APT::Update;',
    '#clear APT::Default-Release;',
    'Dir::Etc::preferences "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    'Dir::Etc::sourcelist "/dev/null";',
    `Dir::Etc::sourceparts "${apt}/sources";`,
    `Dir::State::lists "${apt}/lists";`,
    `Dir::Cache "${apt}/cache";`,
    // As root, apt would change to a user who can't write into the temporary directory.
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::GzipIndexes "true";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "30";',
    'Acquire::https::Timeout "30";',
    '',
  ].join('\n');
}

async function download(name: string, apt: string, env: NodeJS.ProcessEnv): Promise<string> {
  const options = { env, cwd: apt, timeout: aptTimeoutMs };
  // A suite that this mirror doesn't carry fails the update; the others serve.
  const updateFailure = await run('apt-get', ['update', '-q'], options).then(() => '', complaintsOf);
  try {
    await run('apt-get', ['download', '-q', name], options);
  } catch (error) {
    throw new Error(`apt-get could not download it: ${updateFailure || complaintsOf(error)}`, {
      cause: error,
    });
  }
  const file = (await readdir(apt)).find((entry) => entry.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get download left no file');
  return path.join(apt, file);
}

/** apt's own words, the lines beginning with "E:", or why it couldn't be run. */
function complaintsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stderr = 'stderr' in error ? String(error.stderr) : '';
  const lines = stderr.split('\n').filter((line) => line.startsWith('E:'));
  return lines.length > 0 ? lines.join(' ') : error.message;
}

async function extract(archive: string, directory: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  // On the target's own file system, so that it appears in one step.
  const scratch = await mkdtemp(`${target}-`);
  try {
    await run('dpkg-deb', ['-x', archive, scratch]);
    await rename(path.join(scratch, directory), target);
  } catch (error) {
    if (!isOccupied(error)) throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Another run put the same thing there in between. */
function isOccupied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
}
