import { expect, it } from 'vitest';
import { noSolverRules } from '../../src/challenges/proof/solver-rules.ts';
import { parseConfiguration } from '../../src/settings/configuration-text.ts';
import { configuredCertificates } from '../../src/wanted/configured.ts';

const path = '/etc/acme-ledger/config.yaml';

async function configuredBy(entries: string): Promise<ReturnType<typeof configuredCertificates>> {
  const { certificates } = await parseConfiguration(path, `certificates:\n${entries}`);
  return configuredCertificates({
    ca: 'letsencrypt',
    maxPending: null,
    solvers: noSolverRules,
    neverOrder: [],
    maxNewNamesPerDomain: null,
    certificates: certificates?.value ?? null,
  });
}

it('relative paths in the configuration start from its folder, and nobody looks whether they are there', async () => {
  const wantedCertificates = await configuredBy(
    '- names: [a.test]\n  webroot: sites/a\n- { names: ["*.b.test"], hook: ./x.sh }',
  );
  expect([...wantedCertificates].map(([name, { wanted }]) => [name, wanted.settings])).toMatchObject([
    ['a.test', { webroot: '/etc/acme-ledger/sites/a' }],
    ['_.b.test', { hook: './x.sh', hookDirectory: '/etc/acme-ledger' }],
  ]);
});

it.each([
  ['- names: [a_b.test]\n  webroot: w', ':2:3: "a_b.test": the label'],
  [
    '- names: [a.test]\n  webroot: w\n- names: ["*.b.test"]\n  webroot: w',
    ':4:3: the wildcard *.b.test can only',
  ],
  ['- names: [a.test]', ':2:3: nothing says how to prove'],
  ['- names: [a.test]\n  ca: nowhere\n  webroot: w', `:2:3: "nowhere" isn't a CA`],
  [
    '- { names: [a.test], webroot: w }\n- { name: a.test, names: [b.test], webroot: w }',
    `:3:3: the certificate a.test is there twice, first at ${path}:2:3`,
  ],
])('what can not be issued is told with its place: %j', async (entries, message) => {
  await expect(configuredBy(entries)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining(`${path}${message}`) as string,
    hint: expect.stringMatching(/./) as string,
  });
});
