import { noSolverRules } from '../../src/challenges/proof/solver-rules.ts';
import type { Solver } from '../../src/challenges/solver.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import type { UnsubmittedPolicy } from '../../src/policies.ts';
import { failureRule } from '../../src/issuance/names/back-off.ts';
import { usualSuspendMs } from '../../src/policies.ts';
import { Outage } from '../../src/issuance/waiting/outage.ts';
import { startRun } from '../../src/issuance/ownership/lease.ts';
import { insertAccount } from '../../src/ledger/accounts.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-sqlite.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { newWorkspace } from '../support/workspace.ts';
import { type PassingClock, passingClock } from './passing-clock.ts';
import { TinyCa } from './tiny-ca.ts';

/** A real ledger on disk, a CA and a time that are made up, and runs on them. */
export interface TinyWorld {
  ca: TinyCa;
  clock: PassingClock;
  ledger: Ledger;
  /** What a solver would have put up, by name. */
  presented: Set<string>;
  startIssuance(options?: { maxPending?: number; policy?: UnsubmittedPolicy }): Promise<RunningIssuance>;
  remove(): Promise<void>;
}

export interface RunningIssuance extends AccountRun {
  /** The process is gone, without having settled anything. */
  die(): Promise<void>;
}

export async function newTinyWorld(): Promise<TinyWorld> {
  const workspace = await newWorkspace();
  const ledger = await openSqliteLedger(workspace.file('ledger.sqlite'));
  const clock = passingClock();
  const ca = new TinyCa();
  const presented = new Set<string>();
  const signal = new AbortController().signal;
  return {
    ca,
    clock,
    ledger,
    presented,
    async startIssuance({ maxPending = 250, policy = 'deactivate' } = {}) {
      const run = await startRun(ledger, clock, 'test');
      const writer = { ledger, clock, runId: run.id };
      const account = await insertAccount(writer, {
        ca: 'https://ca.test/dir',
        keyFile: 'accounts/ca.test.pem',
        keyThumbprint: 'thumbprint',
        email: null,
      });
      return {
        ...writer,
        assertLease: run.assertLease,
        account,
        session: ca.session(),
        stateDir: workspace.stateDir,
        policy,
        maxPending,
        patienceMs: 10_000,
        failureRule: failureRule(usualSuspendMs),
        pressure: { refusals: 0 },
        outage: new Outage({ clock, log: silentLog, concurrency: 1, leftMs: () => 20_000, stop: signal }),
        log: silentLog,
        stops: { work: signal, grace: signal },
        orderRules: { neverOrder: [], maxNewNamesPerDomain: null },
        solverRules: noSolverRules,
        solverFor: () => memorySolver(presented),
        die: () => run.end(),
      };
    },
    async remove() {
      await ledger.destroy();
      await workspace.remove();
    },
  };
}

function memorySolver(presented: Set<string>): Solver {
  return {
    type: 'http-01',
    present: async ({ identifier }) => void presented.add(identifier.value),
    waitUntilVisible: () => Promise.resolve(),
    assertStillVisible: () => Promise.resolve(),
    cleanUp: async ({ identifier }) => void presented.delete(identifier.value),
    close: () => Promise.resolve(),
  };
}

const silentLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  // What is logged is of no interest here.
}
