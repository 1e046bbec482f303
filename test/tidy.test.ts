import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { solvers } from '../src/challenges/solvers.ts';
import { anchorsOf } from './support/markdown.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
/** The folders of src by floors: each may import what lies on floors below its own, and nothing beside it. Files directly in src lie below all. */
const floors: readonly (readonly string[])[] = [
  ['cli'],
  ['status'],
  ['issue', 'renew', 'import'],
  ['report'],
  ['wanted', 'clear', 'probe', 'names', 'ledger-check', 'sync'],
  ['run'],
  ['issuance', 'settings'],
  ['acme', 'ledger', 'challenges', 'certificates', 'clients'],
  ['system'],
];

/** The rooms on these floors, one level deeper. */
const rooms: Record<string, readonly string[]> = {
  acme: ['authorities', 'http', 'objects'],
  challenges: ['visibility', ...Object.keys(solvers)],
  cli: ['commands', 'options', 'output'],
  clients: ['known', 'logs'],
  issuance: [
    'account',
    'answers',
    'attempt',
    'authorization',
    'certificate',
    'due',
    'limits',
    'names',
    'order',
    'ownership',
    'waiting',
  ],
  ledger: [
    'authorizations',
    'certificates',
    'check',
    'limits',
    'migrations',
    'names',
    'orders',
    'sqlite',
    'tables',
  ],
  run: ['accounts'],
};

const filesInFolder = 20;

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
    const known = new Set(['', ...floors.flat()]);
    const wrong = sources.filter(({ name }) => {
      const room = /^src\/[^/]+\/([^/]+)\//.exec(name)?.[1];
      return !known.has(folderOf(name)) || (room !== undefined && !rooms[folderOf(name)]?.includes(room));
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('lets imports go down only, from floor to floor', () => {
    const wrong = sources.flatMap((source) =>
      targetsOf(source)
        .filter((target) => !isAllowed(folderOf(source.name), folderOf(target)))
        .map((target) => `${source.name} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no circle of imports, those of types included', () => {
    expect(circleAmong(sources)).toEqual([]);
  });

  it('has folders that can be taken in at a glance', () => {
    const counts = new Map<string, number>();
    for (const { name } of sources) {
      const folder = path.posix.dirname(name);
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    expect([...counts].filter(([, count]) => count > filesInFolder)).toEqual([]);
  });

  it('keeps acme-client inside src/acme', () => {
    const wrong = sources.filter(
      ({ name, imports }) =>
        folderOf(name) !== 'acme' && imports.some((one) => /^acme-client(\/|$)/.test(one)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('knows a solver by its name in its own folder alone', () => {
    // Other clients' files are read into the options of ours.
    const elsewhere = sources.filter(({ name }) => folderOf(name) !== 'clients');
    const wrong = Object.keys(solvers).flatMap((solver) => {
      // As text, as in `solver === 'exec'` and `case 'exec'`, or as the key of a table.
      const mention = new RegExp(`'${solver}'|(?<!['"\\w-])${solver}\\??:`);
      return elsewhere
        .filter(({ name }) => !name.startsWith(`src/challenges/${solver}/`))
        .filter(({ text }) => mention.test(withoutComments(text)))
        .map(({ name }) => `${name}: ${solver}`);
    });
    expect(wrong).toEqual([]);
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

  it('cites headings that are in the project, and decisions only by their headings', async () => {
    const cited = [...sources, ...others].flatMap(({ name, text }) =>
      [...text.matchAll(/docs\/([a-z.-]+\.md)(?:#([\w-]+))?/g)].map(([, page = '', anchor]) => ({
        name,
        page,
        anchor,
      })),
    );
    const decisions = cited.filter(({ name, page }) => page === 'decisions.md' && !/^test\//.test(name));
    expect(decisions.length).toBeGreaterThan(5);
    expect(decisions.filter(({ anchor }) => anchor === undefined)).toEqual([]);
    const anchored = cited.filter(({ anchor }) => anchor !== undefined);
    const wrong = await Promise.all(
      anchored.map(async ({ name, page, anchor = '' }) => {
        const text = await readFile(path.join(project, 'docs', page), 'utf8');
        return anchorsOf(text).has(anchor) ? [] : [`${name}: ${page}#${anchor}`];
      }),
    );
    expect(wrong.flat()).toEqual([]);
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

const comments = /\/\*[^]*?\*\/|\/\/.*$/gm;

function commentsOf(text: string): string[] {
  return [...text.matchAll(comments)].map(([comment]) => comment);
}

function withoutComments(text: string): string {
  return text.replaceAll(comments, '');
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
  return to === '' || to === from || floorOf(to) > floorOf(from);
}

function floorOf(folder: string): number {
  return folder === '' ? floors.length : floors.findIndex((floor) => floor.includes(folder));
}

/** The files of one circle; empty when there is none. */
function circleAmong(all: readonly Source[]): string[] {
  const known = new Map(all.map((source) => [source.name, source]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (name: string): string[] => {
    const begin = trail.indexOf(name);
    if (begin >= 0) return trail.slice(begin);
    if (done.has(name)) return [];
    trail.push(name);
    for (const target of targetsOf(known.get(name)!)) {
      if (!known.has(target)) continue;
      const circle = visit(target);
      if (circle.length > 0) return circle;
    }
    trail.pop();
    done.add(name);
    return [];
  };
  return all.map(({ name }) => visit(name)).find((circle) => circle.length > 0) ?? [];
}
