import { dirname } from 'node:path';
import type { Document, LineCounter, Pair } from 'yaml';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { checkCertificates } from './configured-certificates.ts';
import { checkSolvers } from './configured-solvers.ts';
import type { Layer } from './layer.ts';
import { checkLimits } from './limit-changes.ts';
import { meantWord } from '../foreign-words.ts';
import { nearestWord } from '../nearest-word.ts';
import { checkOption, type Given, type Origin } from './option-check.ts';
import { optionKeys } from './option-table.ts';
import { placedPatterns } from './placed-patterns.ts';

/**
 * Checks the text of a configuration file (YAML 1.2, one mapping). Relative paths in it are relative to its directory, so
 * that it means the same under cron.
 * @throws AcmeLedgerError `configuration` with file, line and column of the first fault
 */
export async function parseConfiguration(path: string, text: string): Promise<Layer> {
  // Loaded only where there is a file.
  const { isMap, LineCounter, parseDocument, visit } = await import('./yaml-parser.ts');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const at = (offset: number) => placeOf(path, lines, offset);
  const fault = [...document.errors, ...document.warnings].sort((one, other) => one.pos[0] - other.pos[0])[0];
  if (fault !== undefined) throw refusal(at(fault.pos[0]), printable(fault.message), yamlHint);
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const written = printable(`*${alias.source}`);
      throw refusal(
        at(alias.range?.[0] ?? 0),
        `${written} is a reference to something that isn't there, as YAML has it`,
        `quote it: "${written}"`,
      );
    },
  });
  const { contents } = document;
  const values = valuesOf(document, at(0));
  // An empty file, or one of comments.
  if (contents === null || values === null) return {};
  if (!isMap(contents)) throw refusal(at(contents.range[0]), "this isn't a mapping", mappingHint);
  return Object.fromEntries(
    contents.items.map((pair) => {
      const originOf = (offset: number) => ({ ...originAt(path), label: at(offset) });
      if (String(pair.key) === 'limits') return limitsBy(document, pair, values, originOf);
      if (String(pair.key) === 'certificates') return certificatesBy(document, pair, values, originOf);
      if (String(pair.key) === 'solvers') return solversBy(document, pair, values, originOf);
      if (String(pair.key) === 'neverOrder') return neverOrderBy(document, pair, values, originOf);
      return givenBy(pair, values, originOf);
    }),
  );
}

const yamlHint = 'values with a colon, a hash or a brace want quotes; indent with blanks, not tabs';
const mappingHint = 'write one option a line, for example ca: letsencrypt';

function originAt(path: string): Omit<Origin, 'label'> {
  return { code: 'configuration', baseDirectory: dirname(path) };
}

function placeOf(path: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${printable(path)}:${line}:${col}:`;
}

function valuesOf(document: Document, start: string): Record<string, unknown> | null {
  try {
    return document.toJS() as Record<string, unknown> | null;
  } catch (cause) {
    // YAML that can't be expanded, such as a chain of aliases that multiplies.
    throw refusal(start, printable(messageOf(cause)), yamlHint, cause);
  }
}

function givenBy(
  pair: Pair,
  values: Record<string, unknown>,
  originOf: (offset: number) => Origin,
): [string, Given<unknown>] {
  const name = String(pair.key);
  const key = optionKeys.find((each) => each === name);
  if (key === undefined) throw unknownKey(name, originOf(offsetOf(pair.key)).label);
  const place = originOf(offsetOf(pair.value) || offsetOf(pair.key));
  const origin = { ...place, label: `${place.label} ${key}` };
  return [key, checkOption(key, values[key], origin)];
}

/** As with limits, but what is wrong names the field itself. */
function certificatesBy(
  document: Document,
  pair: Pair,
  values: Record<string, unknown>,
  originOf: (offset: number) => Origin,
): [string, Given<unknown>] {
  const placeOf = (keys: readonly string[]): Origin =>
    originOf(offsetOf(document.getIn(['certificates', ...keys], true)) || offsetOf(pair.key));
  return ['certificates', { value: checkCertificates(values['certificates'], placeOf), origin: placeOf([]) }];
}

/** As with certificates. */
function solversBy(
  document: Document,
  pair: Pair,
  values: Record<string, unknown>,
  originOf: (offset: number) => Origin,
): [string, Given<unknown>] {
  const placeOf = (keys: readonly string[]): Origin =>
    originOf(offsetOf(document.getIn(['solvers', ...keys], true)) || offsetOf(pair.key));
  return ['solvers', { value: checkSolvers(values['solvers'], placeOf), origin: placeOf([]) }];
}

/** As with certificates. */
function neverOrderBy(
  document: Document,
  pair: Pair,
  values: Record<string, unknown>,
  originOf: (offset: number) => Origin,
): [string, Given<unknown>] {
  const placeOf = (keys: readonly string[]): Origin =>
    originOf(offsetOf(document.getIn(['neverOrder', ...keys], true)) || offsetOf(pair.key));
  const asked = { key: 'neverOrder', hint: "write neverOrder: [internal.example.com, '*.lan.example.com']" };
  return ['neverOrder', { value: placedPatterns(values['neverOrder'], asked, placeOf), origin: placeOf([]) }];
}

/** A key with more than a value: its faults are told with the place of the value in it. */
function limitsBy(
  document: Document,
  pair: Pair,
  values: Record<string, unknown>,
  originOf: (offset: number) => Origin,
): [string, Given<unknown>] {
  const placeOf = (keys: readonly string[]): Origin => {
    const place = originOf(offsetOf(document.getIn(['limits', ...keys], true)) || offsetOf(pair.key));
    return { ...place, label: [place.label, ...(keys.length === 0 ? ['limits'] : keys.slice(-1))].join(' ') };
  };
  return ['limits', { value: checkLimits(values['limits'], placeOf), origin: placeOf([]) }];
}

function offsetOf(node: unknown): number {
  const range = (node as { range?: [number, number, number] | null } | null)?.range;
  return range?.[0] ?? 0;
}

function unknownKey(name: string, place: string): AcmeLedgerError {
  const nearest =
    meantWord('key', name) ??
    nearestWord(name, [...optionKeys, 'limits', 'neverOrder', 'solvers', 'certificates']);
  const hint =
    nearest === null
      ? `the options are ${optionKeys.join(', ')}, limits, neverOrder, solvers, certificates`
      : `did you mean ${nearest}?`;
  return refusal(place, `there is no option "${printable(name).slice(0, 60)}"`, hint);
}

function refusal(place: string, fault: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('configuration', `${place} ${fault}`, { hint, cause });
}
