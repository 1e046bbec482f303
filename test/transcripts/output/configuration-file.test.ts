import { chown, mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { runUnprivileged, withStage } from '../bad-input/bad-input-stage.ts';

it('reads the configuration file of the directory that it is started in', async () => {
  await withStage(async (stage) => {
    await writeFile(stage.file('acme-ledger.yaml'), 'stateDir: state\njson: yes\n');
    await mkdir(stage.stateDir, { mode: 0o700 });
    if (process.getuid?.() === 0) await chown(stage.stateDir, 65_534, 65_534);
    const run = await runUnprivileged(stage, ['status']);
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toMatchObject({ accounts: [], certificates: { total: 0 } });
    expect(run.exitCode).toBe(0);
  });
});

it('names file, line and column of a fault in it', async () => {
  await withStage(async (stage) => {
    await writeFile(stage.file('acme-ledger.yaml'), 'stateDir: state\nmaxPendng: 5\n');
    const run = await runUnprivileged(stage, ['status']);
    expect(run.stderr).toMatch(/^error: .*acme-ledger\.yaml:2:1.*\nhint: .*maxPending/);
    expect(run.exitCode).toBe(2);
  });
});
