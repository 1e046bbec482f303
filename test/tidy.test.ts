import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cycleAmong, project, sourcesUnder, targetsOf } from '../scripts/project-sources.ts';
import {
  dynamicImports,
  filesByFolder,
  functionSizes,
  lineCount,
  quantile,
  typeAssertions,
} from '../scripts/source-figures.ts';
import { solvers } from '../src/challenges/solvers.ts';
import { anchorsOf } from './support/markdown.ts';

/** The folders of src by floors: each may import what lies on floors below its own, and nothing beside it. Files directly in src lie below all. */
const floors: readonly (readonly string[])[] = [
  ['cli'],
  ['status', 'command-line'],
  ['issue', 'renew', 'import', 'serve'],
  ['report'],
  ['plan'],
  ['probe'],
  ['preflight'],
  ['wanted', 'clear', 'names', 'ledger-check', 'sync', 'dns-persist'],
  ['run'],
  ['issuance', 'settings'],
  ['acme', 'ledger', 'challenges', 'certificates', 'clients'],
  ['system'],
];

/** The rooms on these floors, one level deeper. */
const rooms: Record<string, readonly string[]> = {
  acme: ['authorities', 'http', 'objects'],
  challenges: ['visibility', 'dns', ...Object.keys(solvers), 'proof'],
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
  report: ['lists', 'texts'],
  preflight: ['answers', 'before-order', 'dns', 'web'],
  run: ['accounts'],
};

const mostFilesInFolder = 20;
const longestFile = 249;
/** Of the terminal in all: what it decides belongs to a capability. */
const longestTerminal = 3_400;

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
    expect(cycleAmong(sources)).toEqual([]);
  });

  it('has folders that can be taken in at a glance', () => {
    const counts = filesByFolder(sources.map(({ name }) => name));
    expect([...counts].filter(([, count]) => count > mostFilesInFolder)).toEqual([]);
  });

  it('has a thin terminal, whose commands import one use case each when they run', () => {
    const terminal = sources.filter(({ name }) => name.startsWith('src/cli/'));
    expect(terminal.map(lineCount).reduce((sum, lines) => sum + lines, 0)).toBeLessThan(longestTerminal);
    const commands = terminal.filter(({ name }) => /^src\/cli\/commands\/.*(?<!-text)\.ts$/.test(name));
    expect(commands.length).toBeGreaterThan(20);
    expect(commands.filter((source) => dynamicImports(source) !== 1).map(({ name }) => name)).toEqual([]);
    const texts = terminal.filter(({ name }) => /^src\/cli\/commands\/.*-text\.ts$/.test(name));
    expect(texts.filter((source) => dynamicImports(source) > 0).map(({ name }) => name)).toEqual([]);
  });

  it('is made of short files and short functions', () => {
    expect(quantile(sources.map(lineCount), 0.9)).toBeLessThanOrEqual(180);
    const functions = sources.flatMap(functionSizes);
    expect(functions.length).toBeGreaterThan(3_000);
    expect(
      quantile(
        functions.map(({ lines }) => lines),
        0.9,
      ),
    ).toBeLessThanOrEqual(24);
  });

  it('seldom tells the compiler what it cannot check', () => {
    expect(sources.flatMap(typeAssertions).length).toBeLessThanOrEqual(40);
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
    // `none` is a common word: of a challenge that was not chosen, and of text.
    const names = Object.keys(solvers).filter((solver) => solver !== 'none');
    const wrong = names.flatMap((solver) => {
      // As text, as in `solver === 'exec'` and `case 'exec'`, or as the key of a table.
      const mention = new RegExp(`'${solver}'|(?<!['"\\w-])${solver}\\??:`);
      return elsewhere
        .filter(({ name }) => !new RegExp(`^src/challenges/(?:dns/)?${solver}/`).test(name))
        .filter(({ text }) => mention.test(withoutComments(text)))
        .map(({ name }) => `${name}: ${solver}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has times as dates: text is made of them where they are stored, printed, or read in a log', () => {
    const makesText = [
      /^src\/ledger\//,
      /^src\/clients\/logs\//,
      /^src\/(clock|errors|certificates\/store-version|system\/rotated-file)\.ts$/,
    ];
    const wrong = sources
      .filter(({ name }) => !makesText.some((place) => place.test(name)))
      .filter(({ text }) => /\.toISOString\(|new Date\(\w+\.\w+_(at|until|before|after)\)/.test(text));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('asks of no time of a row whether it is text, or the same object as another', () => {
    const taken = /_(at|until|before|after|start|end) [!=]== (?!null\b|undefined\b)/;
    expect(sources.filter(({ text }) => taken.test(text)).map(({ name }) => name)).toEqual([]);
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
    const long = sources.filter((source) => lineCount(source) > longestFile);
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

const comments = /\/\*[^]*?\*\/|\/\/.*$/gm;

function commentsOf(text: string): string[] {
  return [...text.matchAll(comments)].map(([comment]) => comment);
}

function withoutComments(text: string): string {
  return text.replaceAll(comments, '');
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
