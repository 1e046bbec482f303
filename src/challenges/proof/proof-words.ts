import { printable } from '../../printable.ts';
import { kindOf, provenByText } from '../settings.ts';
import type { CommandLine } from '../solver-kind.ts';
import { isFromConfiguration, type Proof } from './proof.ts';
import { byConfiguration, type Way, type WayRule } from './solver-rules.ts';

/** The command line that gives this proof again. */
export function proofCommandLine({ usual, solverFor }: Proof): CommandLine {
  const { directory, words } = isFromConfiguration(usual)
    ? { directory: null, words: ['--solver', usual.name ?? byConfiguration] }
    : kindOf(usual).commandLine(usual);
  const apart = Object.entries(solverFor).map(([name, solver]) => `${name}=${solver}`);
  return { directory, words: [...words, ...(apart.length === 0 ? [] : ['--solver-for', apart.join(',')])] };
}

/** The programs that are run and the directories that are written to, as far as the certificate itself says so. */
export function proofText(proof: Proof): string {
  const { usual, solverFor } = proof;
  const apart = Object.entries(solverFor).map(([name, solver]) => `, ${name} by the solver ${solver}`);
  return `${usualText(usual)}${apart.join('')}`;
}

function usualText(usual: Proof['usual']): string {
  if (!isFromConfiguration(usual)) {
    const { label, text } = kindOf(usual).shown(usual);
    return `${label} ${text}`;
  }
  return usual.name === null ? "the configuration's solvers" : `the configuration's solver ${usual.name}`;
}

/** Names that are proven alike, what proves them and what chose that: `dns-01 by zones (hook …): its pattern … at …`. */
export function wayText({ settings, rule }: Way): string {
  const { label, text } = kindOf(settings).shown(settings);
  const solver = rule.kind === 'own' ? settings.solver : printable(rule.solver);
  return `${provenByText(settings, solver)} (${label} ${printable(text)}), ${ruleText(rule)}`;
}

function ruleText(rule: WayRule): string {
  switch (rule.kind) {
    case 'own':
      return 'as the certificate has it';
    case 'solver':
      return `as --solver says${placeText(rule.place)}`;
    case 'solver-for':
      return `as --solver-for says${placeText(rule.place)}`;
    case 'pattern':
      return rule.pattern === null
        ? `for all other names at ${rule.place}`
        : `by the pattern ${rule.pattern} at ${rule.place}`;
  }
}

function placeText(place: string | null): string {
  return place === null ? '' : ` (${place})`;
}

/** The names of each way that is chosen alike, in the order of the names. */
export function namesByWay(ways: ReadonlyMap<string, Way>): { names: string[]; way: Way }[] {
  const groups = new Map<string, { names: string[]; way: Way }>();
  for (const [name, way] of ways) {
    const key = JSON.stringify(way);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { names: [name], way });
    else group.names.push(name);
  }
  return [...groups.values()];
}
