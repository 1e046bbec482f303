import { CompiledQuery, Kysely } from 'kysely';
import type { Dialect, Driver } from 'kysely';
import { systemClock } from '../../src/clock.ts';
import type { UnsubmittedPolicy } from '../../src/policies.ts';
import { startRun } from '../../src/issuance/ownership/lease.ts';
import { insertAccount } from '../../src/ledger/accounts.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-sqlite.ts';
import { runsById } from '../../src/ledger/runs.ts';
import type { RunRow, Schema } from '../../src/ledger/schema.ts';
import { sqliteEngine } from '../../src/ledger/sqlite/sqlite.ts';
import { newWorkspace } from '../support/workspace.ts';
import { type CaTraits, ModelCa } from './gate-model-ca.ts';
import { ModelProcess, type Surroundings } from './gate-model-process.ts';
import { Waits } from './gate-model-waits.ts';
import { LedgerWatch } from './gate-model-watch.ts';

export interface WorldTraits {
  ca: CaTraits;
  policy: UnsubmittedPolicy;
  maxPending: number;
  patienceMs: number;
}

/** A ledger's file that one world after the other uses. */
export interface ModelGround {
  newWorld(traits: WorldTraits): Promise<ModelWorld>;
  remove(): Promise<void>;
}

const start = new Date('2026-01-01T00:00:00.000Z');
const leaseMs = 90_000;
/** Real time. Files and /proc are all that a process of a world really waits for. */
const stuckMs = 30_000;

export async function newModelGround(): Promise<ModelGround> {
  const workspace = await newWorkspace();
  const file = workspace.file('ledger.sqlite');
  const here = await ownRun(file);
  const { dialect } = sqliteEngine(file);
  const ledgerDriver = dialect.createDriver();
  await ledgerDriver.init();
  // No power cut is part of this model; what a commit waits for is only time.
  const connection = await ledgerDriver.acquireConnection();
  await connection.executeQuery(CompiledQuery.raw('pragma synchronous = off'));
  await ledgerDriver.releaseConnection(connection);
  const watch = new LedgerWatch(file);
  const counted = countedDriver(ledgerDriver);
  return {
    async newWorld(traits) {
      watch.empty();
      const world = new ModelWorld(traits, {
        watch,
        ledgerDriver: counted.driver,
        isLedgerBusy: counted.isBusy,
        dialect,
        stateDir: workspace.stateDir,
        here,
      });
      await world.begin();
      return world;
    },
    async remove() {
      watch.close();
      await ledgerDriver.destroy();
      await workspace.remove();
    },
  };
}

/** How a run of this very process stands in a ledger. */
async function ownRun(file: string): Promise<RunRow> {
  const ledger = await openSqliteLedger(file);
  const run = await startRun(ledger, systemClock, 'model');
  const row = (await runsById(ledger, [run.id])).get(run.id)!;
  await run.end();
  await ledger.destroy();
  return row;
}

interface Ground {
  watch: LedgerWatch;
  ledgerDriver: Driver;
  /** Whether somebody is in the middle of something there, or waits for its commit. */
  isLedgerBusy: () => boolean;
  dialect: Dialect;
  stateDir: string;
  here: RunRow;
}

/** One ledger, one CA, one time, and the processes on them. */
export class ModelWorld {
  readonly traits: WorldTraits;
  readonly ca: ModelCa;
  readonly waits: Waits;
  readonly watch: LedgerWatch;
  readonly presented = new Set<string>();
  readonly processes: ModelProcess[] = [];
  readonly complaints: string[] = [];
  mostOpen = 0;
  readonly #ground: Ground;
  #account: Surroundings['account'] | null = null;

  constructor(traits: WorldTraits, ground: Ground) {
    this.traits = traits;
    this.watch = ground.watch;
    this.#ground = ground;
    this.ca = new ModelCa(traits.ca, start);
    this.waits = new Waits(this.ca, {
      time: (now) => this.#renewLeases(now),
      acted: () => this.#checkGate(),
    });
  }

  async begin(): Promise<void> {
    const { dialect, ledgerDriver } = this.#ground;
    const shared = { createDriver: () => ({ ...passedOn(ledgerDriver) }) };
    const ledger = new Kysely<Schema>({ dialect: { ...dialect, ...shared } });
    const writer = { ledger, runId: 'begin', clock: systemClock };
    this.#account = await insertAccount(writer, {
      ca: 'https://ca.test/dir',
      keyFile: 'accounts/ca.test.pem',
      keyThumbprint: 'thumbprint',
      email: null,
    });
  }

  /** @param isHere whether it is on this host, where its process can be looked at, or on one of which only its lease tells */
  startProcess(isHere: boolean): ModelProcess {
    const runId = `model-${this.processes.length + 1}`;
    const now = this.waits.wallNow();
    this.watch.insertRun({
      ...this.#ground.here,
      ...(isHere ? {} : { host: 'elsewhere.test' }),
      id: runId,
      started_at: now.toISOString(),
      lease_until: new Date(now.getTime() + leaseMs).toISOString(),
      ended_at: null,
      arguments: null,
      counts: null,
      reasons: null,
    });
    const process = new ModelProcess(runId, isHere, {
      ca: this.ca,
      waits: this.waits,
      watch: this.watch,
      presented: this.presented,
      ledgerDriver: this.#ground.ledgerDriver,
      dialect: this.#ground.dialect,
      stateDir: this.#ground.stateDir,
      account: this.#account!,
      policy: this.traits.policy,
      patienceMs: this.traits.patienceMs,
      maxPending: this.traits.maxPending,
      complain: (what) => this.complain(what),
      isLiveRun: (id) => this.#isLive(id),
    });
    this.processes.push(process);
    return process;
  }

  complain(what: string): void {
    this.waits.note(`!!! ${what}`);
    this.complaints.push(what);
  }

  /** Until nothing moves any more by itself, and then whether all is as it has to be. */
  async quiet(): Promise<void> {
    const giveUpAt = performance.now() + stuckMs;
    do {
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      if (performance.now() > giveUpAt) throw new Error(`a process hangs\n${this.waits.journal.join('\n')}`);
    } while (this.#isAnyBusy());
    for (const dead of this.processes.filter(({ isDead, isHere }) => isDead && isHere)) {
      if (this.#gone.has(dead)) continue;
      this.#gone.add(dead);
      this.watch.markGone(dead.runId);
    }
    for (const wrong of this.watch.wrongMoves((runId) => !this.#isLive(runId), this.waits.turn))
      this.complain(wrong);
    this.waits.turn += 1;
    this.#checkGate();
  }

  /** With files, or with something that nobody holds up. */
  #isAnyBusy(): boolean {
    if (this.#ground.isLedgerBusy()) return true;
    if (process.getActiveResourcesInfo().some((name) => /^(FSReq|FileHandle)/.test(name))) return true;
    return this.processes.some((each) => each.tasks.size > 0 && !this.waits.isAwaiting(each));
  }

  readonly #gone = new Set<ModelProcess>();

  #isLive(runId: string): boolean {
    return this.processes.some((each) => each.runId === runId && !each.isDead && !each.hasEnded);
  }

  #renewLeases(now: Date): void {
    const live = this.processes.filter((each) => this.#isLive(each.runId)).map(({ runId }) => runId);
    this.watch.renewLeases(live, new Date(now.getTime() + leaseMs));
  }

  /** By the CA's own account. */
  #checkGate(): void {
    const open = this.ca.open().length;
    const counted = this.watch.counted(this.waits.wallNow());
    this.mostOpen = Math.max(this.mostOpen, open);
    if (open > this.traits.maxPending)
      this.complain(`${open} are open at the CA, ${this.traits.maxPending} may be`);
    if (counted > this.traits.maxPending)
      this.complain(`${counted} are open or reserved in the ledger, ${this.traits.maxPending} may be`);
    if (open > counted) this.complain(`${open} are open at the CA, the ledger counts ${counted}`);
  }
}

function countedDriver(driver: Driver): { driver: Driver; isBusy: () => boolean } {
  let turns = 0;
  return {
    isBusy: () => turns > 0,
    driver: {
      ...passedOn(driver),
      acquireConnection: () => {
        turns += 1;
        return driver.acquireConnection();
      },
      async releaseConnection(connection) {
        try {
          await driver.releaseConnection(connection);
        } finally {
          turns -= 1;
        }
      },
    },
  };
}

function passedOn(driver: Driver): Driver {
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => driver.acquireConnection(),
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: (connection) => driver.commitTransaction(connection),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    releaseConnection: (connection) => driver.releaseConnection(connection),
    destroy: () => Promise.resolve(),
  };
}
