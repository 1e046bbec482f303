import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { SourceText } from './source-figures.ts';

/** The project's root. */
export const project = fileURLToPath(new URL('..', import.meta.url));

export interface Source extends SourceText {
  /** Everything that it imports: types too, and imports at run time. */
  imports: string[];
}

/** The sources in a folder of the project, and in the folders below it. */
export async function sourcesUnder(folder: string): Promise<Source[]> {
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

/** The project's own files that a source imports. */
export function targetsOf({ name, imports }: Source): string[] {
  return imports
    .filter((each) => each.startsWith('.'))
    .map((each) => path.posix.normalize(path.posix.join(path.posix.dirname(name), each)));
}

/** The files of one cycle of imports, those of types included; empty when there is none. */
export function cycleAmong(all: readonly Source[]): string[] {
  const known = new Map(all.map((source) => [source.name, source]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (source: Source): string[] => {
    const begin = trail.indexOf(source.name);
    if (begin >= 0) return trail.slice(begin);
    if (done.has(source.name)) return [];
    trail.push(source.name);
    for (const target of targetsOf(source)) {
      const imported = known.get(target);
      const cycle = imported === undefined ? [] : visit(imported);
      if (cycle.length > 0) return cycle;
    }
    trail.pop();
    done.add(source.name);
    return [];
  };
  return all.map(visit).find((cycle) => cycle.length > 0) ?? [];
}
