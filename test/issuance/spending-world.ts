import { onTestFinished } from 'vitest';
import { noLimits } from '../../src/acme/authorities/limits.ts';
import { parseNames } from '../../src/identifiers.ts';
import type { Charge } from '../../src/issuance/limits/charges.ts';
import { costOf, domainsToCount, giveBack, spend } from '../../src/issuance/limits/spending.ts';
import { insertAccount } from '../../src/ledger/accounts.ts';
import { recordSeen } from '../../src/ledger/authorizations/authorizations.ts';
import { openEmptyLedger } from '../../src/ledger/sqlite/open-sqlite.ts';
import { recordFinalizeSent, recordOrderAnswer, releaseOrder } from '../../src/ledger/orders/orders.ts';
import { insertRun } from '../../src/ledger/runs.ts';
import type { AccountRow, OrderRow } from '../../src/ledger/schema.ts';
import type { LedgerWriter } from '../../src/ledger/writer.ts';
import type { CaLimits } from '../../src/ca-limits.ts';
import { anIntent, answerOf } from '../ledger/new-ledger.ts';
import { type PassingClock, passingClock } from './passing-clock.ts';

const tight: CaLimits = {
  ...noLimits,
  allowances: {
    'new-orders': { max: 6, periodMs: 600_000 },
    'certificates-per-domain': { max: 3, periodMs: 3_000_000 },
    'certificates-per-set': { max: 2, periodMs: 3_000_000 },
    'failed-authorizations': { max: 2, periodMs: 200_000 },
    'failures-in-a-row': { max: 4, periodMs: 400_000_000 },
  },
  countsDeactivations: true,
  reserveForIssue: 50,
};

/** A ledger in memory, orders in it, and no CA. */
export interface SpendingWorld extends LedgerWriter {
  clock: PassingClock;
  account: AccountRow;
  limits: CaLimits;
  /** What stands against an order now: the limit and the seconds; null when it may be placed. */
  against(names: readonly string[], options?: Exemptions): Promise<[limit: string, seconds: number] | null>;
  /** An intent with what it costs, whatever stands against it. */
  intend(names: readonly string[], options?: Exemptions): Promise<Intended>;
  answered(order: OrderRow): Promise<OrderRow>;
  refused(intended: Intended): Promise<void>;
  issued(order: OrderRow): Promise<void>;
  givenUp(order: OrderRow): Promise<void>;
  /** The CA's verdict on one name of an answered order. */
  verdict(order: OrderRow, name: string, status: 'valid' | 'invalid' | 'deactivated'): Promise<void>;
}

interface Intended {
  order: OrderRow;
  charges: readonly Charge[];
}

interface Exemptions {
  replacesInWindow?: boolean;
  leavesReserve?: boolean;
}

export async function newSpendingWorld(limits = tight): Promise<SpendingWorld> {
  const ledger = await openEmptyLedger();
  onTestFinished(() => ledger.destroy());
  const clock = passingClock();
  const writer = { ledger, clock, runId: 'run-1', limits };
  const at = clock.now();
  await insertRun(ledger, {
    id: 'run-1',
    host: 'host',
    process_space: '',
    pid: 1,
    process_start: '',
    command: 'test',
    started_at: at,
    lease_until: at,
    ended_at: null,
  });
  const account = await insertAccount(writer, {
    ca: 'https://ca.test/dir',
    keyFile: 'accounts/ca.test.pem',
    keyThumbprint: 'thumbprint',
    email: null,
  });
  const cost = async (names: readonly string[], options: Exemptions = {}) => {
    const identifiers = parseNames(names);
    const domains = await domainsToCount(limits, identifiers);
    return costOf(writer, account, {
      identifiers,
      domains,
      replacesInWindow: false,
      leavesReserve: false,
      ...options,
    });
  };
  const end = async (order: OrderRow): Promise<void> => {
    await releaseOrder(writer, order.id, { status: 'abandoned' });
  };
  return {
    ...writer,
    account,
    async against(names, options) {
      const { shortage } = await cost(names, options);
      return shortage === null ? null : [shortage.charge.key.limit, shortage.waitMs / 1000];
    },
    async intend(names, options) {
      const { charges } = await cost(names, options);
      const order = await anIntent(writer, account, [...names]);
      await spend(writer, order.id, charges);
      return { order, charges };
    },
    answered: (order) => recordOrderAnswer(writer, order, answerOf(order)),
    async refused({ order, charges }) {
      await giveBack(writer, charges);
      await end(order);
    },
    async issued(order) {
      await recordFinalizeSent(writer, order.id, 'csr');
      const certificateUrl = `https://ca.test/certificate/${String(order.id)}`;
      await recordOrderAnswer(writer, order, answerOf(order, { status: 'valid', certificateUrl }));
      await releaseOrder(writer, order.id, { status: 'valid', concluded: true });
    },
    givenUp: end,
    async verdict(order, name, status) {
      const url = `https://ca.test/authz/${String(order.id)}-${name}`;
      const identifier = { type: 'dns', value: name.replace(/^\*\./, ''), wildcard: name.startsWith('*.') };
      if (status === 'valid') {
        await ledger
          .updateTable('authorizations')
          .set({ challenge: 'submitted', submitted_at: at })
          .where('url', '=', url)
          .execute();
      }
      await recordSeen(writer, [{ url, status, identifier, expiresAt: null }]);
    },
  };
}
