import { join } from 'node:path';
import { generateAccountKey } from '../acme/account-key.ts';
import type { Authority } from '../acme/known-authorities.ts';
import type { Session, SessionOptions } from '../acme/session.ts';
import { openSession } from '../acme/session.ts';
import { userAgentOf } from '../acme/transport.ts';
import { prepareStateDir } from '../certificates/state-dir.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import { createSolver } from '../challenges/solvers.ts';
import { systemClock } from '../clock.ts';
import { AcmeLedgerError } from '../errors.ts';
import { accountWithKey, ensureRegistered } from '../issuance/account.ts';
import type { Issuance } from '../issuance/issuance.ts';
import type { Run } from '../issuance/ownership.ts';
import { startRun } from '../issuance/ownership.ts';
import { accountAt } from '../ledger/accounts.ts';
import type { Ledger } from '../ledger/open.ts';
import type { CommandContext } from './context.ts';
import { ledgerExists, openLedger } from './ledger-opening.ts';
import { version } from './version.ts';

export interface OpenIssuance {
  issuance: Issuance;
  /** Ends the lease, the listeners and the connections. */
  close(): Promise<void>;
}

/**
 * Everything that issuing at one CA needs. Whatever can be wrong with the CA's address is found before the state directory is
 * touched; the account is registered if it isn't yet and `mayRegister`.
 * @throws AcmeLedgerError
 */
export async function openIssuance(
  context: CommandContext,
  authority: Authority,
  options: { command: string; mayRegister: boolean },
): Promise<OpenIssuance> {
  const { settings } = context;
  if (!(await isKnownAccount(context, authority))) {
    if (!options.mayRegister) throw noAccount(authority);
    await assertIsAcme(context, authority);
  }
  await prepareStateDir(settings.stateDir);
  const ledger = await openLedger(settings);
  const run = await startRun(ledger, systemClock, options.command);
  try {
    const writer = { ledger, runId: run.id, clock: systemClock };
    const { row, keyPem } = await accountWithKey(writer, settings.stateDir, authority.directoryUrl, settings.email);
    const session = await openSession({ ...sessionOptions(context, authority), accountKeyPem: keyPem, accountUrl: row.url ?? undefined });
    const registration = {
      agreeTos: settings.agreeTos,
      ...(settings.email === null ? {} : { email: settings.email }),
      ...(settings.eab === null ? {} : { externalAccountBinding: settings.eab }),
    };
    const account = await ensureRegistered(writer, session, row, registration, context.stops.work);
    const solvers = new Map<string, Solver>();
    return {
      issuance: {
        ...writer,
        session,
        account,
        stateDir: settings.stateDir,
        policy: settings.onUnsubmitted ?? authority.onUnsubmitted,
        maxPending: settings.maxPending ?? authority.maxPending,
        log: context.log,
        stops: context.stops,
        solverFor: (solverSettings) => solverFor(solvers, solverSettings),
      },
      close: () => closeAll(solvers, session, run, ledger),
    };
  } catch (error) {
    await run.end();
    await ledger.destroy();
    throw error;
  }
}

function solverFor(solvers: Map<string, Solver>, settings: SolverSettings): Solver {
  const key = JSON.stringify(settings);
  const solver = solvers.get(key) ?? createSolver(settings, { clock: systemClock });
  solvers.set(key, solver);
  return solver;
}

async function closeAll(solvers: Map<string, Solver>, session: Session, run: Run, ledger: Ledger): Promise<void> {
  await Promise.allSettled([...solvers.values()].map((solver) => solver.close()));
  session.close();
  await run.end();
  await ledger.destroy();
}

async function isKnownAccount(context: CommandContext, authority: Authority): Promise<boolean> {
  if (!ledgerExists(context.settings)) return false;
  const ledger = await openLedger(context.settings);
  try {
    return (await accountAt(ledger, authority.directoryUrl)) !== undefined;
  } finally {
    await ledger.destroy();
  }
}

/** Reads the directory with a key that is thrown away: nothing is written for a URL that isn't a CA's. */
async function assertIsAcme(context: CommandContext, authority: Authority): Promise<void> {
  const probe = await openSession({
    ...sessionOptions(context, authority),
    cacheDir: undefined,
    accountKeyPem: generateAccountKey(),
  });
  probe.close();
}

function sessionOptions(
  context: CommandContext,
  authority: Authority,
): Omit<SessionOptions, 'accountKeyPem'> {
  return {
    directoryUrl: authority.directoryUrl,
    caPem: context.settings.caPem ?? undefined,
    cacheDir: join(context.settings.stateDir, 'cache'),
    userAgent: userAgentOf(version),
    onRequest: (entry) => {
      context.log.debug(entry, 'request');
    },
    signal: context.stops.work,
  };
}

function noAccount(authority: Authority): AcmeLedgerError {
  return new AcmeLedgerError('not-found', `the ledger has no account at ${authority.label}`, {
    hint: 'acme-ledger account list shows those that it has; --ca NAME|URL chooses another CA',
  });
}

