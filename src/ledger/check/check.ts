import { sql } from 'kysely';
import { unreadableInstants, unreadableJson, timesInFuture } from './column-checks.ts';
import { brokenReferences, databaseFaults, schemaDifferences } from './database-checks.ts';
import type { Finding, Moment } from './finding.ts';
import type { LedgerUnderCheck } from '../ledger-store.ts';
import { accountRules, certificateRules, holdRules, presentationRules, probeRules } from './other-rules.ts';
import { limitsUsedTooLong } from './limit-rules.ts';
import { authorizationRules } from './authorization-rules.ts';
import { orderRules } from './order-rules.ts';
import { rowRule } from './row-rule.ts';
import { certificateOrders, orderNames, ordersTwice, unlinkedPresentations } from './set-rules.ts';
import { instantColumns } from '../tables/column-types.ts';
import type { StoredLedger } from '../ledger.ts';

export interface Checked {
  findings: Finding[];
  /** How many rows were looked at; 0 when their states weren't. */
  rows: number;
  /** Not everything could be looked at; the findings say why. */
  isIncomplete: boolean;
  /** Nothing more may be read from the ledger, nor written to it. */
  isDamaged: boolean;
}

/**
 * Holds the ledger against itself as it is at one moment: writes of other runs meanwhile are neither seen nor
 * held up. First come the database's own checks; impossible states are looked for only in a file that is
 * whole and has this version's schema.
 */
export async function checkLedger(under: LedgerUnderCheck, moment: Moment): Promise<Checked> {
  const { stored, engine } = under;
  return stored.connection().execute(async (connection) => {
    await sql.raw(engine.selfCheck.snapshot).execute(connection);
    try {
      return await checkSnapshot(connection, under, moment);
    } finally {
      await sql`rollback`.execute(connection);
    }
  });
}

async function checkSnapshot(
  ledger: StoredLedger,
  under: LedgerUnderCheck,
  moment: Moment,
): Promise<Checked> {
  const { isCurrent, engine } = under;
  const { findings, isDamaged } = await databaseFaults(ledger, under);
  if (isDamaged) return { findings, rows: 0, isIncomplete: true, isDamaged };
  findings.push(...(await brokenReferences(ledger, engine.selfCheck)));
  if (!isCurrent) return { findings: [...findings, olderSchema], rows: 0, isIncomplete: true, isDamaged };
  const rows = await countRows(ledger);
  findings.push(...(await schemaDifferences(ledger, under)));
  findings.push(...(await unreadableJson(ledger, engine.selfCheck)));
  findings.push(...(await unreadableInstants(ledger, engine.selfCheck)));
  for (const rule of impossibleStates(moment)) findings.push(...(await rule(ledger)));
  findings.push(...(await timesInFuture(ledger, moment)));
  return { findings, rows, isIncomplete: false, isDamaged };
}

function impossibleStates(moment: Moment): ((ledger: StoredLedger) => Promise<Finding[]>)[] {
  return [
    ...accountRules.map((rule) => rowRule(rule, moment)),
    ...holdRules.map((rule) => rowRule(rule, moment)),
    (ledger) => limitsUsedTooLong(ledger, moment),
    ...orderRules.map((rule) => rowRule(rule, moment)),
    ordersTwice,
    orderNames,
    ...authorizationRules.map((rule) => rowRule(rule, moment)),
    unlinkedPresentations,
    ...presentationRules.map((rule) => rowRule(rule, moment)),
    ...probeRules.map((rule) => rowRule(rule, moment)),
    ...certificateRules.map((rule) => rowRule(rule, moment)),
    certificateOrders,
  ];
}

const olderSchema: Finding = {
  code: 'schema-older',
  level: 'note',
  table: null,
  id: null,
  message: 'the ledger has the schema of an older version, so its states were not looked at',
  hint: 'acme-ledger status brings it up to date, like every other command; then check again',
};

async function countRows(ledger: StoredLedger): Promise<number> {
  const counts = Object.keys(instantColumns).map((table) => sql`(select count(*) from ${sql.table(table)})`);
  const { rows } = await sql<{
    total: number | string;
  }>`select ${sql.join(counts, sql` + `)} as total`.execute(ledger);
  return Number(rows[0]?.total ?? 0);
}
