import type { Authority } from '../acme/authorities/authorities.ts';
import type { Directory } from '../acme/objects/resources.ts';
import { openSession } from '../acme/open-session.ts';
import type { Session } from '../acme/session.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import type { SolverParts } from '../challenges/solver-kind.ts';
import { createSolver } from '../challenges/create-solver.ts';
import { systemClock } from '../clock.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { obeyingSession } from '../issuance/limits/obeying-session.ts';
import { createObey, ownPatienceMs } from '../issuance/waiting/obey-retry-after.ts';
import { failureRule } from '../issuance/names/back-off.ts';
import type { Run } from '../issuance/ownership/lease.ts';
import { startRun } from '../issuance/ownership/lease.ts';
import type { CaPressure } from '../issuance/waiting/concurrency-level.ts';
import type { Outage, OutageOptions } from '../issuance/waiting/outage.ts';
import { accountAt } from '../ledger/accounts.ts';
import { moveHolds } from '../ledger/limits/holds.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { limitsAt } from '../settings/limit-changes.ts';
import type { KeyedAccount } from './accounts/account-in-use.ts';
import {
  accountWithKey,
  assertAccountKey,
  ensureRegistered,
  keyOfAccount,
} from './accounts/account-in-use.ts';
import { termsOf } from './accounts/new-account-run.ts';
import { assertNoneLost, directoryFor, openCheckedLedger, registrationOf } from './checked-ledger.ts';
import { outageOf, shortWait } from './outage-waiting.ts';
import type { CommandContext } from './run-context.ts';
import { sessionOptions } from './session-options.ts';

interface AccountRunOptions {
  command: string;
  mayRegister: boolean;
  /** Makes a new account where the account for orders was lost. */
  mayReplace?: boolean;
  concurrency?: number;
  patienceMs?: number;
  outageLeftMs?: OutageOptions['leftMs'];
  /** A person has the CA asked in spite of its holds. */
  overridesHolds?: boolean;
  /** A person asked for new names with `--yes`. */
  addsNames?: boolean;
  account?: AccountRow;
}

/**
 * Opens everything that issuing at one CA needs, for as long as `act` takes. A fault in the CA's address is
 * found before the state directory is touched; the account is registered if it isn't yet and `mayRegister`.
 * @param options.concurrency how many certificates are worked on at one time
 * @param options.patienceMs how long a request may wait for the time that the CA asked for (`--wait`)
 * @param options.outageLeftMs how much longer a CA that is out of order may be waited for; what `--wait`
 * says, or 20 s, unless told
 * @throws AcmeLedgerError
 */
export async function withAccountRun<T>(
  context: CommandContext,
  authority: Authority,
  options: AccountRunOptions,
  act: (run: AccountRun) => Promise<T>,
): Promise<T> {
  const { ledger, directory } = await openCheckedLedger(context, authority, options);
  const patienceMs = Math.max(options.patienceMs ?? 0, ownPatienceMs);
  let run: Run | null = null;
  let session: Session | null = null;
  const solvers = new Map<string, Solver>();
  try {
    run = await startRun(ledger, systemClock, options.command, context.record);
    const limits = limitsAt(authority, context.settings.limits);
    const writer = { ledger, runId: run.id, clock: systemClock, limits };
    const pressure = { refusals: 0 };
    const keyed = await keyedAccount(context, authority, writer, options.account);
    const { concurrency, outageLeftMs } = options;
    const overriding = await overridingHolds(writer, keyed.row, options);
    const opened = await openAccount(context, authority, writer, {
      ...keyed,
      assertLease: run.assertLease,
      concurrency,
      patienceMs,
      outageLeftMs,
      pressure,
      directory,
      ...overriding,
    });
    session = opened.session;
    return await act({
      ...writer,
      ...opened,
      ...overriding,
      assertLease: run.assertLease,
      stateDir: context.settings.stateDir,
      ...termsOf(context.settings, authority),
      patienceMs,
      pressure,
      failureRule: failureRule(context.settings.suspendAfterMs),
      log: context.log,
      stops: context.stops,
      solverFor: (settings) => solverFor(solvers, settings, partsOf(context, writer.runId)),
    });
  } finally {
    await Promise.allSettled([...solvers.values()].map((solver) => solver.close()));
    session?.close();
    await run?.end().catch(() => undefined);
    await ledger.destroy();
  }
}

/** The run goes past the holds that the account has now, and adds new names, where a person wants it. */
async function overridingHolds(
  writer: LedgerWriter,
  { id }: AccountRow,
  { overridesHolds = false, addsNames = false }: { overridesHolds?: boolean; addsNames?: boolean },
): Promise<Pick<AccountRun, 'overridesHoldsUntil' | 'addsNames'>> {
  if (!overridesHolds) return { addsNames };
  // A hold that was noted by a clock that went back since is noted now.
  await moveHolds(writer, id);
  return { addsNames, overridesHoldsUntil: writer.clock.now() };
}

/** @param given an account of the ledger; else the account that orders are made on */
async function keyedAccount(
  { settings }: CommandContext,
  { directoryUrl }: Authority,
  writer: LedgerWriter,
  given?: AccountRow,
): Promise<KeyedAccount> {
  if (given === undefined) return accountWithKey(writer, settings.stateDir, directoryUrl, settings.email);
  return { row: given, keyPem: await keyOfAccount(settings.stateDir, given) };
}

/**
 * Requests at once, also for one certificate: of its hundred names, ten authorizations are asked for at once.
 */
const fewestInFlight = 10;

interface Opening {
  concurrency?: number | undefined;
  patienceMs: number;
  outageLeftMs?: OutageOptions['leftMs'] | undefined;
  pressure: CaPressure;
  assertLease: AccountRun['assertLease'];
  overridesHoldsUntil?: Date | undefined;
  directory?: Directory | undefined;
}

async function openAccount(
  context: CommandContext,
  authority: Authority,
  writer: LedgerWriter,
  { row, keyPem, concurrency, outageLeftMs, assertLease, directory, ...heeding }: KeyedAccount & Opening,
): Promise<{ session: Session; account: AccountRow; outage: Outage }> {
  const { settings, stops } = context;
  const outage = outageOf(context, { concurrency, leftMs: outageLeftMs ?? shortWait(heeding.patienceMs) });
  const heed = createObey(writer, row.id, { ...heeding, outage });
  const opened = await heed({ kind: 'read' }, stops.work, () =>
    openSession({
      ...sessionOptions(context, authority),
      pace: writer.limits?.pace,
      accountKeyPem: keyPem,
      accountUrl: row.url ?? undefined,
      maxInFlight: Math.max(fewestInFlight, concurrency ?? 0),
      directory,
    }),
  );
  outage.ping = (signal) => opened.ping(signal);
  const session = obeyingSession(opened, heed, assertLease);
  try {
    const registration = registrationOf(settings);
    const account = await ensureRegistered(writer, session, row, registration, stops.work);
    return { session, account, outage };
  } catch (error) {
    session.close();
    throw error;
  }
}

/**
 * Opens this run's account at another CA beside the first, registered if it isn't yet.
 * @param leftMs how much time the run has left: a CA that is out of order isn't waited for any longer
 * @returns to be closed by its session
 */
export async function openBeside(
  context: CommandContext,
  run: AccountRun,
  authority: Authority,
  leftMs: () => number,
): Promise<AccountRun> {
  const { settings } = context;
  const { ledger, runId, clock } = run;
  const account = await accountAt(ledger, authority.directoryUrl);
  if (account === undefined) await assertNoneLost(ledger, authority);
  await assertAccountKey(settings.stateDir, authority.directoryUrl, account);
  const directory = account === undefined ? await directoryFor(context, authority) : undefined;
  const writer = { ledger, runId, clock, limits: limitsAt(authority, settings.limits) };
  const keyed = await keyedAccount(context, authority, writer);
  const { patienceMs, pressure, assertLease, overridesHoldsUntil } = run;
  const restMs = shortWait(patienceMs);
  const opened = await openAccount(context, authority, writer, {
    ...keyed,
    patienceMs,
    outageLeftMs: (waitedMs) => Math.min(restMs(waitedMs), leftMs()),
    pressure,
    assertLease,
    overridesHoldsUntil,
    directory,
  });
  return { ...run, ...writer, ...opened, ...termsOf(settings, authority) };
}

function solverFor(solvers: Map<string, Solver>, settings: SolverSettings, parts: SolverParts): Solver {
  const key = JSON.stringify(settings);
  const solver = solvers.get(key) ?? createSolver(settings, parts);
  solvers.set(key, solver);
  return solver;
}

function partsOf({ settings, log }: CommandContext, runId: string): SolverParts {
  const { resolver, dnsPort = 53 } = settings.probe.view;
  const told = new Set<string>();
  return {
    clock: systemClock,
    runId,
    nameServers: { ...(resolver === null ? {} : { recursive: [resolver] }), authorityPort: dnsPort },
    tell: (message) => {
      if (!told.has(message)) log.warn({}, message);
      told.add(message);
    },
  };
}
