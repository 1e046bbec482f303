import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const project = fileURLToPath(new URL('..', import.meta.url));
const bottom = ['ledger', 'acme', 'challenges', 'certificates'];

/** Whose files each folder of src may import, beside its own and those directly in src. */
const mayImport: Record<string, string[]> = {
  cli: ['issuance', 'clients', ...bottom],
  issuance: bottom,
  clients: [],
  ...Object.fromEntries(bottom.map((folder) => [folder, []])),
};

interface Source {
  /** From the project's root, with forward slashes. */
  name: string;
  text: string;
  /** Everything that it imports: types too, and imports at run time. */
  imports: string[];
}

const sources = await sourcesUnder('src');
const others = (await Promise.all(['test', 'scripts', 'bench'].map(sourcesUnder))).flat();

describe('the architecture', () => {
  it('has no folder in src that the map does not know', () => {
    expect(sources).not.toEqual([]);
    const folders = new Set(sources.map(({ name }) => folderOf(name)));
    folders.delete('');
    expect(Object.keys(mayImport)).toEqual(expect.arrayContaining([...folders]));
  });

  it('lets imports go down only: cli, issuance, then four parts that do not know each other', () => {
    const wrong = sources.flatMap((source) =>
      targetsOf(source)
        .filter((target) => !isAllowed(folderOf(source.name), folderOf(target)))
        .map((target) => `${source.name} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps acme-client inside src/acme', () => {
    const wrong = sources.filter(
      ({ name, imports }) =>
        folderOf(name) !== 'acme' && imports.some((one) => /^acme-client(\/|$)/.test(one)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('never lets the program depend on its tests and scripts', () => {
    const wrong = sources.filter((source) =>
      targetsOf(source).some((one) => /^(test|scripts|bench)\//.test(one)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

describe('the auditor of the pairs', () => {
  it('shares no code with what it judges', () => {
    const known = new Map(others.map((source) => [source.name, source]));
    const reached = new Set([...known.keys()].filter((name) => /^test\/pairs\/.*\.ts$/.test(name)));
    expect(reached.size).toBeGreaterThan(10);
    // A set that is gone through shows what is added meanwhile, too.
    for (const name of reached)
      for (const one of targetsOf(known.get(name)!)) if (known.has(one)) reached.add(one);
    const wrong = [...reached].filter((name) =>
      targetsOf(known.get(name)!).some((one) => one.startsWith('src/')),
    );
    expect(wrong).toEqual([]);
  });
});

describe('each file', () => {
  it('is short enough to be read at once', () => {
    const long = sources.filter(({ text }) => text.split('\n').length - 1 > 300);
    expect(long.map(({ name }) => name)).toEqual([]);
  });

  it('is named after what it holds', () => {
    const empty = /(^|[-./])(utils?|common|helpers?|misc|manager|service|impl)([-./]|$)/i;
    const wrong = [...sources, ...others].filter(({ name }) => empty.test(name));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('cites only pages that are in the project', async () => {
    const pages = new Set((await readdir(project)).concat(await readdir(path.join(project, 'docs'))));
    const cited = [...sources, ...others].flatMap(({ name, text }) =>
      commentsOf(text).flatMap((comment) =>
        [...comment.matchAll(/[\w-]+\.md\b|\b(?:facts|design) §/g)].map(([page]) => ({ name, page })),
      ),
    );
    expect(cited).not.toEqual([]);
    expect(cited.filter(({ page }) => !pages.has(page))).toEqual([]);
  });

  it('is finished', () => {
    const mark = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);
    const wrong = [...sources, ...others].filter(({ text }) => mark.test(text));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

async function sourcesUnder(folder: string): Promise<Source[]> {
  const entries = await readdir(path.join(project, folder), { recursive: true }).catch(() => []);
  const names = entries
    .filter((entry) => /\.(ts|js|mjs)$/.test(entry))
    .map((entry) => path.posix.join(folder, entry));
  return await Promise.all(names.map(readSource));
}

async function readSource(name: string): Promise<Source> {
  const text = await readFile(path.join(project, name), 'utf8');
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return { name, text, imports };
}

function commentsOf(text: string): string[] {
  return [...text.matchAll(/\/\*[^]*?\*\/|\/\/.*$/gm)].map(([comment]) => comment);
}

/** The project's own files that a source imports. */
function targetsOf({ name, imports }: Source): string[] {
  return imports
    .filter((one) => one.startsWith('.'))
    .map((one) => path.posix.normalize(path.posix.join(path.posix.dirname(name), one)));
}

/** `acme` for src/acme/http/nonces.ts; empty for what lies directly in src. */
function folderOf(name: string): string {
  return /^src\/([^/]+)\//.exec(name)?.[1] ?? '';
}

function isAllowed(from: string, to: string): boolean {
  return to === '' || to === from || (mayImport[from]?.includes(to) ?? false);
}
