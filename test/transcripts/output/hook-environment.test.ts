import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tableBelow } from '../../support/markdown.ts';
import { type Stage, startStage } from '../../support/stage.ts';

const page = await readFile(new URL('../../../docs/hooks.md', import.meta.url), 'utf8');
let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
}, 180_000);
afterAll(() => stage.stop());

it('hooks find in their environment what the page says', async () => {
  const { lab, here } = stage;
  const [deployed, named, finished] = ['deployed', 'named', 'finished'].map((name) => here.file(name));
  const issue = ['issue', '--webroot', here.webroot];
  const deploy = ['--deploy-hook', `env > '${deployed ?? ''}'`];
  expect(await here.run([...issue, 'well.test', ...deploy, '--email', 'a@example.com'])).toMatchObject({
    exitCode: 0,
  });
  await lab.challtestsrv.setServfail('dead.test');
  expect(await here.run([...issue, 'dead.test'])).toMatchObject({ exitCode: 1 });
  await here.run([
    'renew',
    '--name-hook',
    `env > '${named ?? ''}' #`,
    '--on-finish',
    `env > '${finished ?? ''}'`,
  ]);
  for (const [heading, file] of [
    ['The deploy hook', deployed],
    ['The name hook', named],
    ['The command at the end of renew', finished],
  ] as const) {
    const told = tableBelow(page, heading, 'variable').flatMap(([cell = '']) =>
      cell.replaceAll('`', '').split(', '),
    );
    expect([heading, ...(await hookVariablesIn(file ?? ''))]).toEqual([heading, ...told.sort()]);
  }
});

/** The variables of other clients and of ours that no setting of the run is. */
async function hookVariablesIn(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const names = lines.map((line) => line.split('=')[0] ?? '');
  expect(names).toContain('ACME_LEDGER_RUN');
  return names
    .filter((name) => /^(?:RENEWED|LEGO|ACME_LEDGER)_/.test(name) && name !== 'ACME_LEDGER_RUN')
    .sort();
}
