import type { DatabaseConnection, Dialect, Driver } from 'kysely';
import { Kysely } from 'kysely';
import { noSolverRules } from '../../src/challenges/proof/solver-rules.ts';
import type { Guard, Session } from '../../src/acme/session.ts';
import type { Solver } from '../../src/challenges/solver.ts';
import type { Clock } from '../../src/clock.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { identifierSetKey } from '../../src/identifiers.ts';
import { failureRule } from '../../src/issuance/names/back-off.ts';
import { usualSuspendMs } from '../../src/policies.ts';
import { obeyingSession } from '../../src/issuance/limits/obeying-session.ts';
import { createObey, ownPatienceMs } from '../../src/issuance/waiting/obey-retry-after.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import { Outage } from '../../src/issuance/waiting/outage.ts';
import type { AccountRow, Schema } from '../../src/ledger/schema.ts';
import type { ModelCa } from './gate-model-ca.ts';
import type { UnderWay, Waits } from './gate-model-waits.ts';
import type { HoldingOrder, LedgerWatch } from './gate-model-watch.ts';

/** The end of a process, for what it was doing: every call that it makes from then on ends so, too. */
export class Death extends Error {}

/** What the processes of one world share. */
export interface Surroundings {
  ca: ModelCa;
  waits: Waits;
  watch: LedgerWatch;
  /** Answers that are up, by token. */
  presented: Set<string>;
  ledgerDriver: Driver;
  dialect: Dialect;
  stateDir: string;
  account: AccountRow;
  policy: AccountRun['policy'];
  maxPending: number;
  /** `--wait`, for what the CA asks to wait. */
  patienceMs: number;
  /** Tells of a promise that was broken. */
  complain: (what: string) => void;
  /** Whether a live process works for that run. */
  isLiveRun(runId: string): boolean;
}

/** One process with its run; it can be held up and killed at each of its calls. */
export class ModelProcess {
  readonly runId: string;
  readonly isHere: boolean;
  readonly run: AccountRun;
  readonly work = new AbortController();
  readonly grace = new AbortController();
  /** What it is doing; empty: it is idle. */
  readonly tasks = new Set<Promise<void>>();
  readonly unpresentable = new Set<string>();
  isDead = false;
  hasEnded = false;
  /** It compares the ledger with the CA: also what is others'. */
  onlyLooks = false;
  /** Calls from now at which it dies, or is held up. */
  diesIn: { calls: number; underWay: UnderWay } | null = null;
  pausesIn: number | null = null;
  readonly #around: Surroundings;

  constructor(runId: string, isHere: boolean, around: Surroundings) {
    this.runId = runId;
    this.isHere = isHere;
    this.#around = around;
    const { account, stateDir, policy, maxPending } = around;
    const patienceMs = Math.max(around.patienceMs, ownPatienceMs);
    const writer = { ledger: new Kysely<Schema>({ dialect: this.#dialect() }), runId, clock: this.#clock() };
    // The world renews the lease of whoever lives.
    const assertLease = (): Promise<void> => Promise.resolve();
    this.run = {
      ...writer,
      assertLease,
      session: obeyingSession(this.#session(), createObey(writer, account.id, { patienceMs }), assertLease),
      account,
      stateDir,
      policy,
      maxPending,
      patienceMs,
      pressure: { refusals: 0 },
      // This CA's faults are those of an order alone: each is met by its own attempt.
      outage: new Outage({
        clock: writer.clock,
        log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
        concurrency: 1,
        leftMs: () => 20_000,
        stop: this.work.signal,
      }),
      failureRule: failureRule(usualSuspendMs),
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      stops: { work: this.work.signal, grace: this.grace.signal },
      orderRules: { neverOrder: [], maxNewNamesPerDomain: null },
      solverRules: noSolverRules,
      solverFor: () => this.#solver(),
    };
  }

  die(underWay: UnderWay): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#around.waits.note(`${this.name} dies`);
    this.#around.waits.drop(this, underWay, new Death());
  }

  get name(): string {
    return this.runId;
  }

  /** Before each call to anything outside of the process. */
  #call(): void {
    if (this.diesIn !== null) {
      if (this.diesIn.calls === 0) this.die(this.diesIn.underWay);
      else this.diesIn.calls -= 1;
    }
    if (this.isDead) throw new Death();
  }

  async #ledgerCall(): Promise<void> {
    this.#call();
    if (this.pausesIn === null) return;
    this.pausesIn -= 1;
    if (this.pausesIn >= 0) return;
    this.pausesIn = null;
    await this.#around.waits.pause(this, `${this.name}: held up at the ledger`);
    this.#call();
  }

  #clock(): Clock {
    const { waits } = this.#around;
    return {
      now: waits.steadyLine(),
      wallNow: () => waits.wallNow(),
      sleep: async (ms, signal) => {
        this.#call();
        return waits.sleep(this, ms, signal);
      },
    };
  }

  #session(): Session {
    const { ca, watch, complain } = this.#around;
    const session: Partial<Session> = {
      newOrder: async ({ identifiers }, { assertAllowed, signal }) => {
        await assertAllowed();
        if (watch.unansweredOrder(identifierSetKey(identifiers), this.runId) === undefined)
          complain(`${this.name} sends newOrder without an intent of its own`);
        return this.#ask(`newOrder ${identifierSetKey(identifiers)}`, () => ca.newOrder(identifiers), signal);
      },
      getOrder: (url, signal) => {
        this.#assertOwn(url, 'asks for');
        return this.#ask(`order ${url}`, () => ca.getOrder(url), signal);
      },
      finalize: async (_, url, __, { assertAllowed, signal }) => {
        await assertAllowed();
        this.#assertOwn(url, 'finalizes');
        return this.#ask(`finalize ${url}`, () => ca.finalize(url), signal);
      },
      getAuthorization: (url, signal) => this.#ask(`authz ${url}`, () => ca.getAuthorization(url), signal),
      submitChallenge: (url, guard) => this.#submit(url, guard),
      deactivateAuthorization: (url, guard) => this.#deactivate(url, guard),
      listOrders: async (signal) => {
        if (!ca.traits.listsOrders) return null;
        const { urls } = await this.#ask('orders', () => ({ urls: ca.listOrders() }), signal);
        return (async function* () {
          yield* urls;
        })();
      },
      keyAuthorization: (token) => `${token}.thumbprint`,
    };
    return session as Session;
  }

  async #ask<T extends object>(
    what: string,
    act: () => T,
    signal: AbortSignal | undefined,
  ): Promise<T & { retryAt: null }> {
    this.#call();
    const answer = await this.#around.waits.request(this, `${this.name}: ${what}`, act, signal);
    return { ...answer, retryAt: null };
  }

  #assertOwn(url: string, does: string): void {
    const order = this.#around.watch.orderByUrl(url);
    // One that the ledger doesn't know is looked at when a lost one is searched for.
    if (this.isDead || this.onlyLooks || order === undefined || order.run_id === this.runId) return;
    this.#around.complain(`${this.name} ${does} order ${order.id} of ${order.run_id ?? 'nobody'}`);
  }

  async #submit(challengeUrl: string, { assertAllowed, signal }: Guard) {
    await assertAllowed();
    const { ca, watch, complain } = this.#around;
    const url = challengeUrl.replace(/\/challenge$/, '');
    if (!this.isDead && !watch.ordersHolding(url).some((order) => order.run_id === this.runId))
      complain(`${this.name} submits ${url}, which no order of its own holds`);
    if (!this.isDead && watch.authorization(url)?.challenge !== 'submitting')
      complain(`${this.name} submits ${url} without having written it down`);
    return this.#ask(
      `submit ${url}`,
      () => {
        if (ca.isSubmitted(url)) complain(`${this.name} submits ${url} a second time`);
        return ca.submitChallenge(challengeUrl);
      },
      signal,
    );
  }

  async #deactivate(url: string, { assertAllowed, signal }: Guard) {
    await assertAllowed();
    const { ca, complain } = this.#around;
    const others = this.#liveOrdersOfOthers(url);
    const isNews = others.some((order) => this.#isNews(order.id));
    if (!this.isDead && !isNews) {
      const status = ca.statusOf(url);
      if (status === 'valid') complain(`${this.name} deactivates ${url}, which is valid`);
      if (status === 'pending' && ca.isSubmitted(url))
        complain(`${this.name} deactivates ${url}, which was submitted`);
      for (const order of others)
        complain(`${this.name} deactivates ${url}, which the live order ${order.id} holds`);
    }
    return this.#ask(`deactivate ${url}`, () => ca.deactivateAuthorization(url), signal);
  }

  #liveOrdersOfOthers(url: string): HoldingOrder[] {
    return this.#around.watch
      .ordersHolding(url)
      .filter(({ run_id }) => run_id !== null && run_id !== this.runId && this.#around.isLiveRun(run_id));
  }

  /** The CA shared the authorization with another run's order after this process had looked who holds it. */
  #isNews(orderId: number): boolean {
    return this.#around.watch.changedAt(orderId) >= this.#around.waits.sawAllBefore(this);
  }

  #solver(): Solver {
    const { presented } = this.#around;
    return {
      type: 'http-01',
      present: async ({ identifier, token }) => {
        this.#call();
        presented.add(token);
        if (this.unpresentable.has(identifier.value))
          throw new AcmeLedgerError('solver', 'no such directory');
      },
      waitUntilVisible: () => Promise.resolve(),
      assertStillVisible: () => Promise.resolve(),
      cleanUp: async ({ token }) => {
        this.#call();
        presented.delete(token);
      },
      close: () => Promise.resolve(),
    };
  }

  #dialect(): Dialect {
    const { dialect, ledgerDriver } = this.#around;
    return {
      createAdapter: () => dialect.createAdapter(),
      createDriver: () => this.#driver(ledgerDriver),
      createIntrospector: (database) => dialect.createIntrospector(database),
      createQueryCompiler: () => dialect.createQueryCompiler(),
    };
  }

  /** The world's one connection, with this process's calls on it. A transaction of a dead process is rolled back. */
  #driver(driver: Driver): Driver {
    const connections = new WeakMap<DatabaseConnection, DatabaseConnection>();
    const inner = (connection: DatabaseConnection): DatabaseConnection =>
      connections.get(connection) ?? connection;
    return {
      init: () => Promise.resolve(),
      destroy: () => Promise.resolve(),
      acquireConnection: async () => {
        await this.#ledgerCall();
        const connection = await driver.acquireConnection();
        const own: DatabaseConnection = {
          executeQuery: async (query) => {
            this.#call();
            return connection.executeQuery(query);
          },
          streamQuery: (query, size) => connection.streamQuery(query, size),
        };
        connections.set(own, connection);
        return own;
      },
      releaseConnection: (connection) => driver.releaseConnection(inner(connection)),
      beginTransaction: (connection, settings) => driver.beginTransaction(inner(connection), settings),
      commitTransaction: async (connection) => {
        this.#call();
        return driver.commitTransaction(inner(connection));
      },
      rollbackTransaction: (connection) => driver.rollbackTransaction(inner(connection)),
    };
  }
}

function nothing(): void {
  // What is logged is of no interest here.
}
