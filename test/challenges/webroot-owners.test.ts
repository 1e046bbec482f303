import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  lchown,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Solver } from '../../src/challenges/solver.ts';
import { createSolver } from '../../src/challenges/create-solver.ts';
import { systemClock } from '../../src/clock.ts';
import { bundledScript } from '../support/bundled-script.ts';
import { answerFor, never } from './answers.ts';

const nobody = 65_534;
const other = 65_533;
const run = promisify(execFile);
const answer = answerFor('http-01', 'example.com');

let scratch: string;
let webroot: string;
/** Of somebody else: nothing of it may change. */
let outside: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'webroot-owners-'));
  await chmod(scratch, 0o755);
  [webroot, outside] = [join(scratch, 'webroot'), join(scratch, 'outside')];
  await mkdir(webroot);
  await mkdir(outside);
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const directory = () => join(webroot, '.well-known', 'acme-challenge');

function solverAt(root: string): Solver {
  return createSolver({ solver: 'webroot', challenge: 'http-01', webroot: root }, { clock: systemClock });
}

async function linkOf(user: number, target: string, path: string): Promise<void> {
  await symlink(target, path);
  await lchown(path, user, user);
}

async function ownerOf(path: string): Promise<number> {
  return (await stat(path)).uid;
}

async function expectNothingOutside(): Promise<void> {
  expect(await readdir(outside)).toEqual([]);
  expect(await ownerOf(outside)).toBe(0);
}

// Only root can give a file to another user, which is what these are about; CI is root.
describe.skipIf(process.getuid?.() !== 0)('root at a webroot of another user', () => {
  beforeEach(() => chown(webroot, nobody, nobody));

  it('gives its owner what it makes there', async () => {
    const solver = solverAt(webroot);
    await solver.present(answer, never);
    await solver.waitUntilVisible(answer, never);
    const made = [join(webroot, '.well-known'), directory(), join(directory(), answer.token)];
    expect(await Promise.all(made.map(ownerOf))).toEqual([nobody, nobody, nobody]);
    expect((await stat(directory())).mode & 0o777).toBe(0o755);
    await solver.cleanUp(answer, never);
    expect(await readdir(webroot)).toEqual([]);
  });

  it('gives files in a directory of root to root', async () => {
    await mkdir(directory(), { recursive: true });
    await solverAt(webroot).present(answer, never);
    expect(await ownerOf(join(directory(), answer.token))).toBe(0);
  });

  it.each(['acme-challenge', '.well-known'])(
    'writes nothing through a linked %s to a directory of somebody else',
    async (name) => {
      if (name === 'acme-challenge') await mkdir(join(webroot, '.well-known'));
      await linkOf(nobody, outside, name === '.well-known' ? join(webroot, name) : directory());
      await expect(solverAt(webroot).present(answer, never)).rejects.toMatchObject({
        code: 'solver',
        message: expect.stringContaining(`${name} is a link of user ${nobody} to ${outside}`) as string,
        hint: expect.stringContaining('--webroot') as string,
      });
      await expectNothingOutside();
    },
  );

  it('reads and removes nothing through such a link either', async () => {
    const solver = solverAt(webroot);
    const precious = join(outside, answer.token);
    await writeFile(precious, answer.keyAuthorization);
    await mkdir(join(webroot, '.well-known'));
    await linkOf(nobody, outside, directory());
    await expect(solver.waitUntilVisible(answer, never)).rejects.toMatchObject({ code: 'solver' });
    await expect(solver.cleanUp(answer, never)).rejects.toMatchObject({ code: 'solver' });
    expect(await readFile(precious, 'utf8')).toBe(answer.keyAuthorization);
  });

  it('is not led elsewhere by a link that the webroot itself or a directory above it is', async () => {
    await linkOf(nobody, outside, join(webroot, 'html'));
    await mkdir(join(outside, 'below'));
    for (const root of [join(webroot, 'html'), join(webroot, 'html', 'below')]) {
      await expect(solverAt(root).present(answer, never)).rejects.toMatchObject({ code: 'solver' });
    }
    expect(await readdir(outside)).toEqual(['below']);
    expect(await readdir(join(outside, 'below'))).toEqual([]);
  });

  it('is not led elsewhere by a link to a link, or a link through /proc', async () => {
    await mkdir(join(webroot, '.well-known'));
    await linkOf(nobody, outside, join(webroot, 'first'));
    for (const target of ['../first', '/proc/self/root/', '/proc/1/cwd']) {
      await linkOf(nobody, target, directory());
      await expect(solverAt(webroot).present(answer, never)).rejects.toMatchObject({ code: 'solver' });
      await rm(directory());
    }
    await expectNothingOutside();
  });

  it('does not take a link of root, to which somebody gave a second name, for one that root made there', async () => {
    await mkdir(join(webroot, '.well-known'));
    await symlink(outside, join(scratch, 'of-root'));
    await link(join(scratch, 'of-root'), directory());
    await expect(solverAt(webroot).present(answer, never)).rejects.toMatchObject({ code: 'solver' });
    await expectNothingOutside();
  });

  it('follows a link of the owner to a directory of the owner, and one that root made', async () => {
    const releases = join(webroot, 'releases');
    await mkdir(join(releases, '12'), { recursive: true });
    await chown(join(releases, '12'), nobody, nobody);
    await linkOf(nobody, 'releases/12', join(webroot, 'current'));
    await solverAt(join(webroot, 'current')).present(answer, never);
    const below = join('.well-known', 'acme-challenge', answer.token);
    expect(await ownerOf(join(releases, '12', below))).toBe(nobody);

    const shared = join(scratch, 'shared');
    await mkdir(shared);
    await mkdir(join(webroot, '.well-known'));
    await symlink(shared, directory());
    await symlink('webroot', join(scratch, 'alias'));
    await solverAt(join(scratch, 'alias')).present(answer, never);
    expect(await readdir(shared)).toEqual([answer.token]);
  });

  it('does not follow a link of a third user', async () => {
    await mkdir(join(webroot, '.well-known'));
    await linkOf(other, outside, directory());
    await chown(outside, nobody, nobody);
    await expect(solverAt(webroot).present(answer, never)).rejects.toMatchObject({ code: 'solver' });
    expect(await readdir(outside)).toEqual([]);
  });

  it('refuses it where there is no /proc, and works below directories that only root may change', async () => {
    const script = await bundledScript(new URL('./webroot-presenter.ts', import.meta.url));
    const withoutProc = (root: string) =>
      run('unshare', [
        '--mount',
        'sh',
        '-c',
        'mount -t tmpfs none /proc && exec "$@"',
        'sh',
        process.execPath,
        script,
        root,
      ]);
    const refused = await withoutProc(webroot);
    expect(refused.stdout).toMatch(/other users may change .*webroot, and without \/proc root can't write/);
    expect(await readdir(webroot)).toEqual([]);
    await chown(webroot, 0, 0);
    expect((await withoutProc(webroot)).stdout).toBe('presented');
    expect(await readdir(webroot)).toEqual([]);
  });
});

it('a file that is no answer is not read into memory, however long', async () => {
  await mkdir(directory(), { recursive: true });
  await writeFile(join(directory(), answer.token), 'x'.repeat(100_000));
  await expect(solverAt(webroot).waitUntilVisible(answer, never)).rejects.toMatchObject({
    code: 'solver',
    message: expect.stringContaining('not an answer') as string,
  });
});

it('a webroot that is a link of the person is followed', async () => {
  await symlink('webroot', join(scratch, 'alias'));
  const solver = solverAt(join(scratch, 'alias'));
  await solver.present(answer, never);
  expect(await readFile(join(directory(), answer.token), 'utf8')).toBe(answer.keyAuthorization);
  await solver.cleanUp(answer, never);
  expect(await readdir(webroot)).toEqual([]);
});
