import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { createSolver } from '../../src/challenges/create-solver.ts';
import { solverOptions, type SolverOptions } from '../../src/challenges/option-list.ts';
import { settingsFromOptions } from '../../src/challenges/settings-from-options.ts';
import { kindOf, parseSolverSettings } from '../../src/challenges/settings.ts';
import { choiceOf } from '../../src/challenges/solver-choice.ts';
import type { SolverKind } from '../../src/challenges/solver-kind.ts';
import { flagOf } from '../../src/challenges/solver-option.ts';
import { challengeTypes } from '../../src/challenges/solver.ts';
import { solvers, type SolverName } from '../../src/challenges/solvers.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { systemClock } from '../../src/clock.ts';
import { certificateFields } from '../../src/settings/certificate-fields.ts';
import { parseConfiguration } from '../../src/settings/configuration-text.ts';
import type { Line } from '../../src/wanted/row-lines.ts';
import { rowsOf, type RawRow } from '../../src/wanted/row-format.ts';

/** The options that the solvers of dns-01 share. */
const looks: SolverOptions = {
  propagationTimeout: '5m',
  resolver: '192.0.2.53:53',
  dnsRounds: '5',
  dnsQuorum: 'most',
};

const secrets = mkdtempSync(path.join(tmpdir(), 'acme-ledger-secrets-'));
const secret = path.join(secrets, 'secret');
writeFileSync(secret, 'SECRET=1', { mode: 0o600 });
afterAll(() => {
  rmSync(secrets, { recursive: true });
});

/** Options that each solver takes, all that it has. A new solver has its line here. */
const samples: Record<SolverName, SolverOptions> = {
  webroot: { webroot: tmpdir(), webrootFor: `a.test=${tmpdir()},b.test=/` },
  standalone: { listen: '[::1]:8080' },
  served: {},
  exec: {
    hook: 'update-zone --fast',
    cleanupHook: 'update-zone --undo',
    hookStyle: 'certbot',
    hookTimeout: '90s',
    hookConcurrency: '3',
    ...looks,
  },
  rfc2136: {
    dnsServer: '192.0.2.53:5353',
    tsigKeyFile: secret,
    tsigName: 'acme.example.com',
    tsigAlgorithm: 'hmac-sha512',
    ...looks,
  },
  cloudflare: { dnsCredentials: secret, ...looks },
  route53: { dnsCredentials: secret, ...looks },
  gcloud: { dnsCredentials: secret, ...looks },
  'acme-dns': { dnsCredentials: secret, ...looks },
  httpreq: { dnsCredentials: secret, ...looks },
  persist: { resolver: looks.resolver },
  none: {},
};

const kinds: readonly SolverKind[] = Object.values(solvers);
const allOptions = kinds.flatMap((kind) =>
  Object.entries(kind.options).map(([name, option]) => ({ solver: kind.name, name, option })),
);
const ownOptions = allOptions.filter(({ option }) => option.isShared !== true);
const sharedOptions = [...Object.keys(looks), 'dnsCredentials'];

describe.each(kinds.map((kind) => [kind.name, kind] as const))('the solver %s', (name, kind) => {
  const sample = samples[name as SolverName];

  it('has all of its parts, in a folder of its name', async () => {
    expect(Object.entries(solvers).find(([key]) => key === name)?.[1]).toBe(kind);
    const places = [`challenges/${name}/${name}.ts`, `challenges/dns/${name}/${name}.ts`];
    const texts = await Promise.all(places.map((place) => readFile(source(place), 'utf8').catch(() => '')));
    expect(texts.join('')).toContain(`name: '${name}'`);
    expect(kind.chosenWhen).toMatch(/\S/);
    expect(kind.challenges.length).toBeGreaterThan(0);
    expect(challengeTypes).toEqual(expect.arrayContaining([...kind.challenges]));
    expect(Object.keys(sample)).toEqual(Object.keys(kind.options));
  });

  it.each(kind.challenges)(
    'keeps its settings for %s in the ledger, and takes them from its own command line',
    (challenge) => {
      const settings = settingsFromOptions({ ...sample, solver: name, challenge }, '/srv');
      expect(settings).toMatchObject({ solver: name, challenge });
      expect(Object.keys(settings).slice(0, 2)).toEqual(['solver', 'challenge']);
      expect(parseSolverSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
      const { directory, words } = kindOf(settings).commandLine(settings);
      expect(settingsFromOptions(optionsTyped(words), directory ?? '/elsewhere')).toEqual(settings);
      const { label, text } = kindOf(settings).shown(settings);
      expect(`${label} ${text}`).toMatch(/^\w{1,9} \S/);
      expect(kindOf(settings).queue(settings)?.concurrency ?? 1).toBeGreaterThan(0);
      expect(kindOf(settings).propagation(settings)?.propagationTimeoutSeconds ?? 0).toBeGreaterThanOrEqual(
        0,
      );
    },
  );

  it('is made without loading its code, and closed without having been used', async () => {
    const settings = settingsFromOptions({ ...sample, solver: name }, '/srv');
    const solver = createSolver(settings, { clock: systemClock });
    expect(solver.type).toBe(settings.challenge);
    await expect(solver.close()).resolves.toBeUndefined();
  });

  it('is offered to whoever says nothing, and can be chosen with these words', () => {
    expect(() => settingsFromOptions({}, '/srv')).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining(`${choiceOf(kind)} (${kind.chosenWhen})`) as string,
      }),
    );
    const [flag = '', value] = choiceOf(kind).split(' ');
    const given = value === name ? name : Object.entries(sample).find(([each]) => flagOf(each) === flag)?.[1];
    expect(settingsFromOptions(optionsTyped([flag, String(given)]), '/srv').solver).toBe(name);
  });

  it('takes what solvers share, and is not chosen by it', () => {
    const foreign = sharedOptions.filter((option) => !Object.hasOwn(kind.options, option));
    const lacksLooks = Object.keys(looks).filter((option) => foreign.includes(option));
    // What stands for good is looked at once, at the servers that --resolver names.
    const lookedAtOnce = Object.keys(looks).filter((option) => option !== 'resolver');
    expect([[], lookedAtOnce, Object.keys(looks)]).toContainEqual(lacksLooks);
    for (const option of foreign) {
      expect(() => settingsFromOptions({ ...sample, solver: name, [option]: '1' }, '/srv')).toThrow(
        expect.objectContaining({ message: `${flagOf(option)} says nothing to the solver ${name}` }),
      );
    }
    expect(() => settingsFromOptions(looks, '/srv')).toThrow('nothing says how to prove');
  });

  it('refuses each option of the others', () => {
    const foreign = ownOptions.filter(({ solver }) => solver !== name);
    expect(foreign).not.toEqual([]);
    for (const { name: option } of foreign) {
      expect(() => settingsFromOptions({ ...sample, solver: name, [option]: '1' }, '/srv')).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: `${flagOf(option)} isn't an option of the solver ${name}`,
        }),
      );
    }
  });
});

describe('the options of the solvers', () => {
  it('are there once each', () => {
    const names = solverOptions.map(({ name }) => name);
    expect(names).toEqual(['challenge', 'solver', ...ownOptions.map(({ name }) => name), ...sharedOptions]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(['issue', 'cert add', 'account import'])(
    'are flags of "%s", in the same order and words',
    (command) => {
      const flags = commandOf(command).options.map(
        ({ flags: each, description }) => `${each}  ${description}`,
      );
      const wanted = solverOptions.map(
        ({ name, placeholder, help }) => `${flagOf(name)} <${placeholder}>  ${help}`,
      );
      const begin = flags.indexOf(wanted[0] ?? '');
      expect(flags.slice(begin, begin + wanted.length)).toEqual(wanted);
    },
  );

  it('are columns of a list of certificates', async () => {
    const columns = ['names', ...solverOptions.map(({ name }) => name)];
    const rows = await rowsOf(
      linesOf(columns.join(','), columns.map((name) => `${name}-1`).join(',')),
      'list.csv',
    );
    const { value: row } = (await rows.next()) as IteratorYieldResult<RawRow>;
    const { names, options } = certificateFields(row.read());
    expect(names).toEqual(['names-1']);
    expect(options).toEqual(Object.fromEntries(columns.slice(1).map((name) => [name, `${name}-1`])));
  });

  it.each(solverOptions)(
    'may be written as $kind in a row and in the configuration: $name',
    async ({ name, kind }) => {
      const isNumberToo = kind !== 'text';
      const row = () => certificateFields({ names: ['a.test'], [name]: 5 }).options;
      if (isNumberToo) expect(row()).toEqual({ [name]: 5 });
      else expect(row).toThrow(expect.objectContaining({ code: 'bad-file' }));
      const text = `certificates:\n  - names: [a.test]\n    ${name}: word\n`;
      const { certificates } = await parseConfiguration('/etc/acme-ledger/config.yaml', text);
      expect(certificates?.value[0]?.fields.options).toEqual({ [name]: 'word' });
    },
  );
});

it('the list of solvers loads nothing of what puts answers up', async () => {
  const loaded = new Set<string>();
  const later = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const { atOnce, whenUsed } = await importsOf(file);
    for (const each of whenUsed) later.add(each);
    for (const each of atOnce)
      if (each.startsWith('/')) await visit(each);
      else loaded.add(each);
  };
  await visit(source('challenges/option-list.ts'));
  expect(later.size).toBeGreaterThanOrEqual(kinds.length);
  expect([...later].filter((file) => loaded.has(file))).toEqual([]);
  const heavy = ['node:http', 'node:https', 'node:tls', 'node:child_process', 'p-limit', '@peculiar/x509'];
  expect(heavy.filter((each) => loaded.has(each))).toEqual([]);
});

function source(file: string): string {
  return fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
}

/** What a file imports, but for types: when it is loaded, and by `import()`. */
async function importsOf(file: string): Promise<{ atOnce: string[]; whenUsed: string[] }> {
  const { outputText } = ts.transpileModule(await readFile(file, 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    },
  });
  const placeOf = (one: string): string =>
    one.startsWith('.') ? path.resolve(path.dirname(file), one) : one;
  const found = (pattern: RegExp): string[] =>
    [...outputText.matchAll(pattern)].map(([, one = '']) => placeOf(one));
  return {
    atOnce: found(/^(?:import|export)\b[^;]*?from '([^']+)'/gm),
    whenUsed: found(/\bimport\('([^']+)'\)/g),
  };
}

async function* linesOf(...texts: string[]): AsyncGenerator<Line> {
  for (const [index, text] of texts.entries()) yield { number: index + 1, text };
}

function commandOf(words: string): Command {
  let command = buildProgram({ bind: () => undefined });
  for (const word of words.split(' ')) command = command.commands.find((each) => each.name() === word)!;
  return command;
}

/** What `issue` makes of these words. */
function optionsTyped(words: readonly string[]): SolverOptions {
  const command = commandOf('issue');
  command.parseOptions([...words]);
  return command.opts();
}
