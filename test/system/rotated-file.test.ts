import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RotatedFile } from '../../src/system/rotated-file.ts';
import { type Workspace, newWorkspace } from '../support/workspace.ts';

const day = 86_400_000;
let workspace: Workspace;
let log: string;

beforeEach(async () => {
  workspace = await newWorkspace();
  log = workspace.file('log/the.log');
});

afterEach(() => workspace.remove());

function open(maxBytes: number, now = Date.now): RotatedFile {
  return new RotatedFile(log, { maxBytes, keepMs: 30 * day, owner: null, now });
}

async function files(): Promise<string[]> {
  return (await readdir(path.dirname(log))).sort();
}

describe('a file that is rotated', () => {
  it('is closed to others, and so is its folder', async () => {
    const file = open(100);
    file.append('one\n');
    file.close();
    expect((await stat(log)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(log))).mode & 0o777).toBe(0o700);
  });

  it('is put aside once it has its size', async () => {
    const file = open(10);
    for (const line of ['first line\n', 'second line\n', 'third line\n']) file.append(line);
    file.close();
    expect(await files()).toHaveLength(3);
    expect(await readFile(log, 'utf8')).toBe('third line\n');
    expect((await files()).filter((name) => !/^the\.log(\.\d{8}T\d{6}Z\.[0-9a-f]+)?$/.test(name))).toEqual(
      [],
    );
  });

  it('keeps what was put aside for thirty days from its last line on, and touches nothing else', async () => {
    await mkdir(path.dirname(log));
    const aside = { old: `${log}.20260101T000000Z.ab`, young: `${log}.20260102T000000Z.cd` };
    for (const [name, age] of [
      [aside.old, 31],
      [aside.young, 29],
      [`${log}.mine`, 99],
    ] as const) {
      await writeFile(name, 'x\n');
      await utimes(name, Date.now() / 1000, (Date.now() - age * day) / 1000);
    }
    const file = open(100);
    file.append('one\n');
    file.close();
    expect(await files()).toEqual(['the.log', 'the.log.20260102T000000Z.cd', 'the.log.mine']);
  });

  it('takes over the lock of a process that was killed, and writes on meanwhile', async () => {
    await mkdir(`${log}.lock`, { recursive: true });
    let now = Date.now();
    const file = open(5, () => now);
    for (const line of ['first\n', 'second\n']) file.append(line);
    expect(await readFile(log, 'utf8')).toBe('first\nsecond\n');
    now += 120_000;
    for (const line of ['third\n', 'fourth\n']) file.append(line);
    file.close();
    expect(await readFile(log, 'utf8')).toBe('fourth\n');
    expect(await files()).toHaveLength(2);
  });

  it('is never a link that leads elsewhere, nor a pipe that nobody reads', async () => {
    await mkdir(path.dirname(log));
    await writeFile(workspace.file('elsewhere'), '');
    await symlink(workspace.file('elsewhere'), log);
    expect(() => open(100).append('one\n')).toThrow(/ELOOP/);
    log = workspace.file('log/pipe');
    await promisify(execFile)('mkfifo', [log]);
    expect(() => open(100).append('one\n')).toThrow(/ENXIO|regular file/);
  });

  it('loses and mixes no line of eight processes that write and rotate at once', async () => {
    const script = path.join(import.meta.dirname, 'rotated-file-process.ts');
    const lines = 400;
    const marks = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(
      marks.map((mark) =>
        promisify(execFile)(process.execPath, ['--import', 'tsx', script, log, mark, String(lines), '20000']),
      ),
    );
    const names = await files();
    expect(names.length).toBeGreaterThan(10);
    const texts = await Promise.all(
      names.map((name) => readFile(path.join(path.dirname(log), name), 'utf8')),
    );
    const found = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
    const wanted = marks.flatMap((mark) =>
      Array.from({ length: lines }, (_, line) => `${mark} ${line} ${'x'.repeat(line % 300)}.`),
    );
    expect(found.toSorted()).toEqual(wanted.toSorted());
    // Each was put aside once, when it was full.
    const sizes = texts.map((text) => text.length).toSorted((one, other) => one - other);
    expect(sizes[1]).toBeGreaterThanOrEqual(20_000);
  }, 60_000);
});
