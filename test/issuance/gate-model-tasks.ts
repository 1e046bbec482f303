import type { SolverSettings } from '../../src/challenges/settings.ts';
import { later } from '../../src/clock.ts';
import { AcmeLedgerError, errorRecord } from '../../src/errors.ts';
import { identifierSetKey, parseNames } from '../../src/identifiers.ts';
import { authorize } from '../../src/issuance/order/authorize.ts';
import { clear } from '../../src/clear/clear.ts';
import { finalizeOrder } from '../../src/issuance/certificate/finalize.ts';
import { admit } from '../../src/issuance/attempt/gate.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import type { PlacedOrder } from '../../src/issuance/placed-order.ts';
import { placeOrder } from '../../src/issuance/order/place-order.ts';
import { cleanUpPresentations } from '../../src/issuance/answers/take-down.ts';
import { settleLater } from '../../src/issuance/order/settle-later.ts';
import { type RecoveryOptions, settleUnowned } from '../../src/issuance/order/unowned-orders.ts';
import { settleOrder } from '../../src/issuance/order/settle.ts';
import { sync } from '../../src/sync/sync.ts';
import { releaseOrder } from '../../src/ledger/orders/orders.ts';
import { endRun } from '../../src/ledger/runs.ts';
import type { OrderRow } from '../../src/ledger/schema.ts';
import { Death, type ModelProcess } from './gate-model-process.ts';
import type { ModelWorld } from './gate-model-world.ts';

/* What a process does, as the commands do it, but for keys and certificates: they are no part of this model. */

const settings: SolverSettings = { solver: 'webroot', challenge: 'http-01', webroot: '/nowhere' };
const files = { keyPem: null, csrDer: Buffer.from('csr') };
const verdictWaitMs = 60_000;
const placements = 3;

/** `issue`: what dead runs left, then one certificate. */
export async function attempt(
  { run }: ModelProcess,
  names: readonly string[],
  options: { waitMs: number; recovers: boolean },
): Promise<void> {
  const identifiers = parseNames(names);
  const skipNamesKeys = new Set([identifierSetKey(identifiers)]);
  if (options.recovers) await settleLeft(run, { includeKept: false, skipNamesKeys });
  let order = null as OrderRow | null;
  try {
    const placed = await place(run, names, options.waitMs, (admitted) => (order = admitted));
    const authorized = await authorize(run, placed, () => settings);
    await cleanUpPresentations(run, placed.row.id);
    const { row } = await finalizeOrder(run, authorized, files);
    await releaseOrder(run, row.id, { status: 'valid', keptUntil: null, concluded: true });
  } catch (error) {
    if (!(error instanceof AcmeLedgerError) && !(error instanceof Death)) throw error;
    if (order === null) return;
    const verdictsUntil = later(run.clock.now(), run.stops.work.aborted ? 1_500 : verdictWaitMs);
    const { policy } = run;
    await settleOrder(run, order, { policy, verdictsUntil, error: errorRecord(error) });
  }
}

async function place(
  run: AccountRun,
  names: readonly string[],
  waitMs: number,
  onAdmitted: (order: OrderRow) => void,
): Promise<PlacedOrder> {
  const identifiers = parseNames(names);
  for (let round = 0; round < placements; round += 1) {
    const admission = { certificateName: names[0]!, identifiers, profile: null, waitMs };
    const admitted = await admit(run, admission);
    onAdmitted(admitted.order);
    const placed = await placeOrder(run, admitted, identifiers);
    if (placed === null) continue;
    if (placed.answer.status !== 'invalid') return placed;
    const verdictsUntil = run.clock.now();
    await settleOrder(run, placed.row, { policy: run.policy, verdictsUntil });
  }
  throw new AcmeLedgerError('order-failed', 'each order was over before it could be worked on');
}

/** `authz clear`. */
export async function clearAll({ run }: ModelProcess, all: boolean): Promise<void> {
  const options = {
    urls: [],
    all,
    olderThan: null,
    concurrency: 4,
    dryRun: false,
    method: 'deactivate' as const,
  };
  await clear(run, options, () => undefined);
}

/** `authz sync`. */
export async function compareAll(process: ModelProcess): Promise<void> {
  process.onlyLooks = true;
  await sync(process.run, { concurrency: 4 }, () => undefined);
}

/** What the gate does for room: everything that nobody owns, also what is kept. */
export async function settleAll({ run }: ModelProcess): Promise<void> {
  await settleLeft(run, { includeKept: true, skipNamesKeys: new Set() });
}

async function settleLeft(run: AccountRun, options: RecoveryOptions): Promise<void> {
  const { forLater } = await settleUnowned(run, options);
  await settleLater(run, forLater, { leftMs: () => Infinity });
}

export async function end(process: ModelProcess): Promise<void> {
  await endRun(process.run.ledger, process.runId, process.run.clock.now());
  process.hasEnded = true;
}

/** Lets a process do something; whatever it throws beyond what is foreseen is a bug. */
export function begin(world: ModelWorld, process: ModelProcess, what: string, task: Promise<void>): void {
  world.waits.note(`${process.name}: ${what}`);
  const watched = task
    .catch((error: unknown) => {
      if (error instanceof Death || error instanceof AcmeLedgerError) return;
      world.complain(`${process.name}: ${what} ended with ${String((error as Error).stack ?? error)}`);
    })
    .finally(() => {
      world.waits.note(`${process.name}: ${what} has ended`);
      process.tasks.delete(watched);
    });
  process.tasks.add(watched);
}
