import { readFile, readdir } from 'node:fs/promises';
import { blocksOf, codeSpansOf } from './markdown.ts';

const root = new URL('../../', import.meta.url);

/** The pages that people read, by their path in the project. */
export async function readDocuments(): Promise<Map<string, string>> {
  const inDocs = (await readdir(new URL('docs', root))).filter((name) => name.endsWith('.md'));
  const names = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...inDocs.map((name) => `docs/${name}`)];
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, root), 'utf8')));
  return new Map(names.map((name, index) => [name, texts[index] ?? '']));
}

/** All of src, as one text. */
export async function readSources(): Promise<string> {
  const names = await readdir(new URL('src', root), { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts'));
  return (await Promise.all(files.map((name) => readFile(new URL(`src/${name}`, root), 'utf8')))).join('\n');
}

/** What is typed behind `acme-ledger` on every command line of a page: in its blocks and in its prose. */
export function commandLinesOf(markdown: string): string[] {
  const inBlocks = ['', 'ini'].flatMap((language) => blocksOf(markdown, language)).join('\n');
  const typed = blocksOf(markdown, 'console')
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('$ '));
  const lines = [...inBlocks.split('\n').filter((line) => !line.startsWith('#')), ...typed];
  const spans = codeSpansOf(markdown).filter((span) => span.startsWith('acme-ledger '));
  return [...lines, ...spans].flatMap((line) => {
    const rest = /(?:^|[\s/])acme-ledger ((?:-|[a-z]).*)$/.exec(line)?.[1];
    return rest === undefined ? [] : [rest];
  });
}

/** The words of a command line as a shell would split it; quotes are all of the shell that the pages use. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
}
