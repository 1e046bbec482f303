import type Database from 'better-sqlite3';
import { rawDatabase } from './raw-database.ts';
import path from 'node:path';
import { type ProgramOptions, type ProgramResult, runProgram } from './program.ts';
import { withDefaults } from './with-defaults.ts';
import { type Workspace, newWorkspace } from './workspace.ts';

/** The built program as one person has it: a state directory of its own, and a CA. */
export interface Installation extends Workspace {
  /** Options that every run gets: the state directory, the CA and its root; the terms are agreed to. */
  globalOptions: string[];
  run(args: string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** The directory of a stored certificate. */
  certificate(name: string): string;
  /** Asks the ledger behind the program's back. */
  rows<Row>(sql: string, ...values: unknown[]): Row[];
  /** Changes the ledger behind the program's back. */
  change(sql: string, ...values: unknown[]): void;
}

export async function newInstallation(ca: { directoryUrl: string; caFile: string }): Promise<Installation> {
  const workspace = await newWorkspace();
  const { stateDir } = workspace;
  const globalOptions = ['--state-dir', stateDir, '--ca', ca.directoryUrl, '--ca-file', ca.caFile];
  // Whoever is about probes says how names are reached; the system's resolver is none of a test's business.
  globalOptions.push('--probe-every', 'never');
  const withLedger = <T>(act: (ledger: Database.Database) => T): T => {
    const ledger = rawDatabase(path.join(stateDir, 'ledger.sqlite'), { fileMustExist: true });
    try {
      return act(ledger);
    } finally {
      ledger.close();
    }
  };
  return {
    ...workspace,
    globalOptions: [...globalOptions, '--agree-tos'],
    run: (args, options) => runProgram(withDefaults(args, [...globalOptions, '--agree-tos']), options),
    certificate: (name) => path.join(stateDir, 'certificates', name),
    rows: <Row>(sql: string, ...values: unknown[]) =>
      withLedger((ledger) => ledger.prepare<unknown[], Row>(sql).all(...values)),
    change: (sql, ...values) => {
      withLedger((ledger) => ledger.prepare(sql).run(...values));
    },
  };
}

/** What a run with `--json` printed, one object a line. */
export function jsonLines(result: ProgramResult): Record<string, unknown>[] {
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function jsonOf(result: ProgramResult): Record<string, unknown> {
  const [object, ...others] = jsonLines(result);
  if (object === undefined || others.length > 0) throw new Error(`not one object: ${result.stdout}`);
  return object;
}
