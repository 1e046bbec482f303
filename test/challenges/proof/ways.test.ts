import { expect, it } from 'vitest';
import { keptProof, parseProof } from '../../../src/challenges/proof/proof.ts';
import { assertProvable } from '../../../src/challenges/proof/provable.ts';
import { noSolverRules, type SolverRules } from '../../../src/challenges/proof/solver-rules.ts';
import { proofOnto, type ProofOptions } from '../../../src/challenges/proof/typed-proof.ts';
import { provenToday, wayOf } from '../../../src/challenges/proof/ways.ts';
import { settingsFromOptions } from '../../../src/challenges/settings-from-options.ts';
import { parseName } from '../../../src/identifiers.ts';
import { parseConfiguration } from '../../../src/settings/configuration-text.ts';

const path = '/etc/acme-ledger/config.yaml';

async function rulesOf(...lines: string[]): Promise<SolverRules> {
  const { solvers } = await parseConfiguration(
    path,
    ['solvers:', ...lines.map((line) => `  ${line}`)].join('\n'),
  );
  return solvers?.value ?? noSolverRules;
}

const byRules = { usual: { solver: 'configuration', name: null }, solverFor: {} } as const;

/** The solver and the pattern that is chosen for a name, or the refusal. */
function chosen(name: string, rules: SolverRules): string {
  try {
    const { rule } = wayOf(byRules, name, rules);
    return rule.kind === 'pattern' ? `${rule.solver} ${rule.pattern ?? 'rest'}` : rule.kind;
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

it('the most specific pattern wins: exact, then the longest zone, and *.zone before the zone', async () => {
  const rules = await rulesOf(
    'exact: { webroot: /a, names: [www.example.com] }',
    "below: { webroot: /b, names: ['*.example.com'] }",
    'zone: { webroot: /c, names: [example.com, shop.example.com] }',
    'rest: { webroot: /d }',
  );
  const names = [
    'www.example.com',
    'example.com',
    'mail.example.com',
    'shop.example.com',
    'a.shop.example.com',
    'a.www.example.com',
    'example.org',
    'notexample.com',
    '192.0.2.7',
  ];
  expect(names.map((name) => chosen(name, rules))).toEqual([
    'exact www.example.com',
    'zone example.com',
    'below *.example.com',
    'zone shop.example.com',
    'zone shop.example.com',
    'exact www.example.com',
    'rest rest',
    'rest rest',
    'rest rest',
  ]);
});

it('a rule whose solver can not prove a name is passed over', async () => {
  const rules = await rulesOf(
    "web: { webroot: /a, names: ['*.example.com', 192.0.2.7] }",
    'zone: { hook: ./dns.sh, names: [example.com] }',
  );
  expect(chosen('*.example.com', rules)).toBe('zone example.com');
  expect(chosen('www.example.com', rules)).toBe('web *.example.com');
  expect(chosen('192.0.2.7', rules)).toBe('web 192.0.2.7');
});

it('a name that no rule covers, or only one that can not prove it, is told with the place and what to write', async () => {
  const rules = await rulesOf("web: { webroot: /a, names: [example.com, '*.example.org'] }");
  const refused = (name: string, proof: Parameters<typeof wayOf>[0] = byRules, by = rules): unknown => {
    try {
      return wayOf(proof, name, by);
    } catch (error) {
      return error;
    }
  };
  expect(refused('example.net')).toMatchObject({
    code: 'configuration',
    message: `no pattern of the solvers at ${path}:2:3 fits example.net`,
    hint: `write names: [example.net] at one of them (the first is web, ${path}:2:8), or set it apart: --solver-for example.net=web`,
  });
  expect(refused('*.example.com')).toMatchObject({
    message: `*.example.com is for the solver web (${path}:2:31), by its pattern example.com, and the wildcard *.example.com can only be proven with dns-01, not http-01`,
    hint: "write names: ['*.example.com'] at a solver that answers dns-01",
  });
  const named = { usual: { solver: 'configuration', name: 'gone' }, solverFor: {} } as const;
  expect(refused('example.com', named)).toMatchObject({
    message: `example.com is to be proven by the solver gone, and it isn't among the solvers at ${path}:2:3`,
  });
  expect(refused('example.com', byRules, noSolverRules)).toMatchObject({
    message: 'the configuration says how example.com is proven, and it has no solvers: now',
  });
  expect(refused('*.example.com', { ...byRules, solverFor: { '*.example.com': 'web' } })).toMatchObject({
    message: `the solver web (${path}:2:8) can't be used: the wildcard *.example.com can only be proven with dns-01, not http-01`,
  });
});

it('what was typed stays, and what follows the configuration is told apart in what is kept', async () => {
  const rules = await rulesOf('web: { webroot: /a }', 'zone: { hook: ./dns.sh, names: [] }');
  const parts = { rules, settingsOf: settingsFromOptions };
  const onto = (before: object | null, given: ProofOptions): object =>
    keptProof(proofOnto(before, given, parts));
  expect(onto(null, {})).toEqual({ solver: 'configuration' });
  expect(onto(null, { solver: 'zone' })).toEqual({ solver: 'configuration', name: 'zone' });
  const apart = onto(null, { solverFor: '*.a.test=zone,b.test=standalone' });
  expect(apart).toEqual({
    solver: 'configuration',
    solverFor: { '*.a.test': 'zone', 'b.test': 'standalone' },
  });
  const typed = onto(null, { solver: 'standalone', solverFor: { '*.a.test': 'zone' } });
  expect(typed).toMatchObject({ solver: 'standalone', solverFor: { '*.a.test': 'zone' } });
  // Without options a certificate keeps what it was issued with.
  for (const kept of [apart, typed]) expect(onto(kept, {})).toEqual(kept);
  expect(onto(apart, { solverFor: '*.a.test=' })).toEqual({
    solver: 'configuration',
    solverFor: { 'b.test': 'standalone' },
  });
  expect(onto(apart, { solverFor: '' })).toEqual({ solver: 'configuration' });
  expect(onto(typed, { solver: 'configuration' })).toEqual({
    solver: 'configuration',
    solverFor: { '*.a.test': 'zone' },
  });
  expect(onto({ solver: 'unreadable' }, { solver: 'web' })).toEqual({ solver: 'configuration', name: 'web' });
  const same = await rulesOf('web: { webroot: /b }', 'zone: { hook: ./dns.sh, names: [] }');
  expect(provenToday({ solver: 'configuration' }, ['a.test'], same)).toMatchObject({
    'a.test': { webroot: '/b' },
  });
  expect(provenToday(typed, ['b.test'], noSolverRules)).toMatchObject({ 'b.test': { solver: 'standalone' } });
});

it.each([
  [{ solver: 'web', webroot: '/b' }, "--webroot can't be given beside --solver: the solver web"],
  [{ solver: 'wbe' }, `--solver "wbe" isn't there`],
  [{ solverFor: 'a.test' }, `--solver-for "a.test" isn't NAME=SOLVER`],
  [{ solverFor: 'a.test=wbe' }, `--solver-for "wbe" isn't there`],
  [{ solverFor: 'a.test=webroot' }, "--solver-for can't say with which options the solver webroot"],
])('what can not be meant is refused: %j', async (given: ProofOptions, message) => {
  const parts = { rules: await rulesOf('web: { webroot: /a }'), settingsOf: settingsFromOptions };
  expect(() => proofOnto(null, given, parts)).toThrow(message);
});

it('a name that is set apart must be a name of the certificate', () => {
  const proof = parseProof({ solver: 'configuration', solverFor: { 'b.test': 'standalone' } });
  expect(() => {
    assertProvable(proof, [parseName('a.test')], null);
  }).toThrow("b.test is set apart by --solver-for, and isn't a name of the certificate");
});
