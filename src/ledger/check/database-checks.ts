import { sql } from 'kysely';
import type { StoredLedger } from '../ledger.ts';
import type { LedgerUnderCheck } from '../ledger-store.ts';
import type { Finding } from './finding.ts';
import { mendRow } from './row-rule.ts';
import type { SelfCheck, SelfFault } from '../self-check.ts';

/** Faults that the database finds in its own file. */
export async function databaseFaults(
  ledger: StoredLedger,
  { engine: { selfCheck }, place }: LedgerUnderCheck,
): Promise<{ findings: Finding[]; isDamaged: boolean }> {
  const faults = await selfCheck.faults(ledger);
  return {
    findings: faults.map((fault) => faultFinding(fault, selfCheck, place)),
    isDamaged: faults.some((fault) => fault.kind === 'damage'),
  };
}

function faultFinding({ kind, text }: SelfFault, selfCheck: SelfCheck, place: string): Finding {
  const whole = { level: 'error', table: null, id: null } as const;
  if (kind === 'constraint') {
    return {
      ...whole,
      code: 'constraint-broken',
      message: `a row is in a state that the schema forbids, so another program wrote it: ${text}`,
      hint: 'put back a backup; or stop cron, and correct the row (docs/ledger.md, "What always holds")',
    };
  }
  return {
    ...whole,
    code: 'damaged',
    message: `the file is damaged, and nothing in it can be trusted: ${text}`,
    hint: `stop cron, put back a backup of ${place}, then run acme-ledger authz sync; without one, ${selfCheck.salvageCommand(place)} saves what can be read`,
  };
}

/**
 * Rows that refer to rows that aren't there. Only an order's missing owner can be mended: a run that is
 * unknown is dead.
 */
export async function brokenReferences(ledger: StoredLedger, selfCheck: SelfCheck): Promise<Finding[]> {
  return (await selfCheck.orphans(ledger)).map(({ table, id, column, parent }) => ({
    code: 'reference-broken',
    level: 'error',
    table,
    id,
    message: `${column} of ${table} ${id ?? ''} names a row of ${parent} that isn't there`,
    hint: 'rows are missing: put back a backup, then run acme-ledger authz sync',
    ...(table === 'orders' && column === 'run_id' && id !== null
      ? {
          mend: mendRow({
            code: 'reference-broken',
            table,
            row: { id },
            set: { run_id: null },
            guard: sql`run_id not in (select runs.id from runs)`,
          }),
        }
      : {}),
  }));
}

/** Tables and indexes that aren't as this version makes them. Others beside them are left alone. */
export async function schemaDifferences(ledger: StoredLedger, under: LedgerUnderCheck): Promise<Finding[]> {
  const { engine, place } = under;
  const { selfCheck } = engine;
  const empty = await under.openEmpty();
  try {
    const [wanted, found] = [await selfCheck.shape(empty), await selfCheck.shape(ledger)];
    return [...wanted]
      .filter(([name, part]) => found.get(name)?.description !== part.description)
      .map(([name, { sql: text }]) => ({
        code: 'schema-differs',
        level: 'error',
        table: null,
        id: null,
        message: `${name} ${found.has(name) ? "isn't as this version made it" : 'is missing'}: another program changed the schema, and what it promises may not hold`,
        hint:
          text === null || found.has(name)
            ? 'put back a backup, then run acme-ledger authz sync'
            : `stop cron and all else that runs acme-ledger; then: ${selfCheck.runCommand(place, text)}`,
      }));
  } finally {
    await empty.destroy();
  }
}
