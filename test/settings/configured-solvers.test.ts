import { expect, it } from 'vitest';
import { noSolverRules, type SolverRules } from '../../src/challenges/proof/solver-rules.ts';
import { parseConfiguration } from '../../src/settings/configuration-text.ts';

const path = '/etc/acme-ledger/config.yaml';

async function solversOf(...lines: string[]): Promise<SolverRules> {
  const { solvers } = await parseConfiguration(path, ['solvers:', ...lines].join('\n'));
  return solvers?.value ?? noSolverRules;
}

it('solvers have names, options relative to the file, and the names that they are for', async () => {
  const rules = await solversOf(
    "  shops:   { webroot: shops, names: [Example.com, '*.example.com'] }",
    '  zones:   { hook: ./zone.sh, hookTimeout: 90s, names: [example.net] }',
    '  byName:  { solver: standalone, challenge: tls-alpn-01, names: [] }',
    '  rest:    { solver: standalone }',
  );
  expect(rules.place).toBe(`${path}:2:3`);
  expect(
    rules.solvers.map(({ name, settings, patterns, place }) => ({
      name,
      solver: settings.solver,
      challenge: settings.challenge,
      patterns: patterns?.map((pattern) => `${pattern.text} ${pattern.place}`) ?? null,
      place,
    })),
  ).toEqual([
    {
      name: 'shops',
      solver: 'webroot',
      challenge: 'http-01',
      patterns: [`example.com ${path}:2:38`, `*.example.com ${path}:2:51`],
      place: `${path}:2:12`,
    },
    {
      name: 'zones',
      solver: 'exec',
      challenge: 'dns-01',
      patterns: [`example.net ${path}:3:57`],
      place: `${path}:3:12`,
    },
    { name: 'byName', solver: 'standalone', challenge: 'tls-alpn-01', patterns: [], place: `${path}:4:12` },
    { name: 'rest', solver: 'standalone', challenge: 'http-01', patterns: null, place: `${path}:5:12` },
  ]);
  expect(rules.solvers[0]?.settings).toMatchObject({ webroot: '/etc/acme-ledger/shops' });
  expect(rules.solvers[1]?.settings).toMatchObject({ hookTimeoutSeconds: 90 });
});

it.each([
  ['  [a, b]', ':2:3: solvers must be a mapping'],
  ['  shops: 3', ":2:10: this isn't a mapping"],
  ['  webroot: { webroot: /srv }', ':2:12: the name webroot is a solver that is built in'],
  ['  configuration: { webroot: /srv }', ':2:18: the name configuration stands for all of them'],
  ['  "a,b": { webroot: /srv }', ':2:10: "a,b" is no name for a solver'],
  ['  shops: { webrot: /srv }', ':2:20: there is no option "webrot" of a solver'],
  ['  shops: { names: [a.test] }', ':2:10: nothing says how to prove'],
  ['  shops: { webroot: /srv, hook: x }', ':2:10: --webroot and --hook belong to different solvers'],
  ['  shops: { webroot: 3 }', ':2:21: webroot must be text'],
  ['  shops: { webroot: /srv, names: a.test }', ':2:34: names must be a list'],
  ['  shops: { webroot: /srv, names: ["a b.test"] }', ':2:35: "a b.test" is no pattern of names'],
  ['  shops: { webroot: /srv, names: [3] }', ':2:35: 3 is no name'],
  [
    '  one: { webroot: /srv }\n  two: { webroot: /srv }',
    `:3:8: two has no names:, and neither has one (${path}:2:8)`,
  ],
  [
    '  one: { webroot: /srv, names: [a.test] }\n  two: { webroot: /srv, names: [A.test] }',
    `:3:33: a.test is there twice, first at ${path}:2:33`,
  ],
])('what can not be meant is told with its place: %j', async (lines, message) => {
  await expect(solversOf(lines)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining(`${path}${message}`) as string,
    hint: expect.stringMatching(/./) as string,
  });
});
