import { chmod, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import { startProgram } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ here } = stage);
  await stage.lab.challtestsrv.setServfail('bad.test');
  for (const name of ['good.test', 'bad.test'])
    await here.run(['cert', 'add', name, '--webroot', here.webroot, '--deploy-hook', 'TOKEN=geheim true']);
});

beforeEach(async () => {
  await writeFile(here.file('hanging'), '#!/bin/sh\n[ "$1" = present ] || exit 0; exec sleep 600\n');
  await chmod(here.file('hanging'), 0o755);
});

afterAll(() => stage.stop());

async function latest(): Promise<Record<string, unknown>> {
  const [first] = jsonLines(await here.run(['runs', 'list', '--json', '--limit', '1']));
  return first!;
}

describe('runs list', () => {
  it('tells what was asked, how many, how it ended and why', async () => {
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 1 });
    expect(await latest()).toMatchObject({
      command: 'renew',
      status: 'ended',
      exitCode: 1,
      counts: { due: 2, issued: 1, failed: 1 },
      reasons: [{ code: 'authorization-invalid', count: 1, message: expect.any(String) as string }],
    });
    const text = await here.run(['runs', 'list']);
    expect(text.stdout).toMatch(/^ID +STARTED +TOOK +COMMAND +ENDED +COUNTS +WHY\n/);
    expect(text.stdout).toMatch(/ renew +exit 1 +2 due, 1 issued, 1 failed +authorization-invalid: /);
    expect(text.stdout).not.toContain('geheim');
  });

  it('has a run with nothing to do, and none that only looked or was typed wrongly', async () => {
    expect(await here.run(['renew', 'good.test'])).toMatchObject({ exitCode: 0 });
    expect(await latest()).toMatchObject({ command: 'renew', exitCode: 0, counts: { due: 0 }, reasons: [] });
    const { id } = await latest();
    for (const args of [
      ['cert', 'list'],
      ['renew', '--dry-run'],
      ['cert', 'remove', 'none.test'],
      ['issue', 'bad name'],
    ])
      await here.run(args);
    expect(await latest()).toMatchObject({ id });
  });

  it('tells a killed run from one that runs and one that was interrupted', async () => {
    for (const [signal, status, exitCode] of [
      ['SIGKILL', 'killed', null],
      ['SIGTERM', 'interrupted', 143],
    ] as const) {
      const name = `${signal.toLowerCase()}.test`;
      const running = startProgram([
        ...here.globalOptions,
        ...['issue', name, '--challenge', 'http-01', '--hook', here.file('hanging')],
      ]);
      await expect
        .poll(async () => (await latest())['status'], { timeout: 30_000, interval: 300 })
        .toBe('running');
      running.kill(signal);
      await running.finished;
      expect(await latest()).toMatchObject({ command: 'issue', status, exitCode });
    }
  });
});

describe('runs show', () => {
  it('has what became of each certificate, by the beginning of an id', async () => {
    here.change('update identifiers set next_attempt_at = null');
    await here.run(['renew', 'bad.test']);
    const { id } = await latest();
    const shown = await here.run(['runs', 'show', String(id).slice(0, 8)]);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^run [0-9a-f]{8}: renew, exit 1\n {2}started {2}/);
    expect(shown.stdout).toMatch(/\n {2}typed {4}acme-ledger .*renew bad\.test/);
    expect(shown.stdout).toMatch(/certificate-failed {2}bad\.test: /);
    expect(jsonOf(await here.run(['runs', 'show', String(id), '--json']))).toMatchObject({
      outcomes: [
        { kind: 'certificate-failed', certificate: 'bad.test', error: { code: 'authorization-invalid' } },
      ],
    });
  });

  it('says which runs there are where it knows none', async () => {
    expect(await here.run(['runs', 'show', 'ffffffff-0000'])).toMatchObject({
      exitCode: 2,
      stderr:
        'error: the ledger has no run ffffffff-0000\nhint: acme-ledger runs list shows those that it has\n',
    });
  });
});
