import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../support/program.ts';
import { type Workspace, newWorkspace } from '../support/workspace.ts';

let workspace: Workspace;

beforeEach(async () => {
  workspace = await newWorkspace();
});

afterEach(async () => {
  await workspace.remove();
});

it('reads the configuration file of the directory that it is started in', async () => {
  await writeFile(workspace.file('acme-ledger.yaml'), 'stateDir: state\njson: yes\n');
  const run = await runProgram(['status'], { cwd: workspace.directory });
  expect(run.stderr).toBe('');
  expect(JSON.parse(run.stdout)).toMatchObject({ accounts: [], certificates: { total: 0 } });
  expect(run.exitCode).toBe(0);
});

it('names file, line and column of a fault in it', async () => {
  await writeFile(workspace.file('acme-ledger.yaml'), 'stateDir: state\nmaxPendng: 5\n');
  const run = await runProgram(['status'], { cwd: workspace.directory });
  expect(run.stderr).toMatch(/^error: .*acme-ledger\.yaml:2:1.*\nhint: .*maxPending/);
  expect(run.exitCode).toBe(2);
});
