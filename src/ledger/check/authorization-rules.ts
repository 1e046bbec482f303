import { sql } from 'kysely';
import { nameProven } from '../authorizations/authorizations.ts';
import type { Moment } from './finding.ts';
import type { RowRule } from './row-rule.ts';
import { shellWord } from '../../shell-word.ts';

type AuthorizationRule = (moment: Moment) => RowRule<'authorizations'>;

const presentedNow = sql`exists (select 1 from presentations
  where presentations.authorization_id = authorizations.id and cleaned_at is null)`;

/** States of an authorization that no run leaves behind, by itself or killed at any point. */
export const authorizationRules: readonly AuthorizationRule[] = [
  () => ({
    code: 'authorization-without-order',
    table: 'authorizations',
    broken: sql`source = 'order' and not exists (select 1 from order_authorizations where authorization_id = authorizations.id)`,
    says: (row) => ({
      message: `${shown(row)} came with an order, but belongs to none: ${row.status === 'pending' ? 'it is open, and no run will settle it' : 'where it came from is lost'}`,
      hint: row.status === 'pending' ? 'acme-ledger authz clear settles it; then check again' : null,
    }),
    // An open authorization stays a finding until somebody has settled it.
    mend: { set: { source: 'discovered' }, when: sql`status <> 'pending'` },
  }),
  () => ({
    code: 'authorization-of-other-account',
    table: 'authorizations',
    broken: sql`status = 'pending' and exists (select 1 from order_authorizations
      join orders on orders.id = order_authorizations.order_id
      where authorization_id = authorizations.id and orders.account_id <> authorizations.account_id)`,
    says: (row) => ({
      message: `${shown(row)} is counted for another account than the order that it belongs to: the wrong account's key is used to settle it`,
      hint: `acme-ledger authz show ${shellWord(String(row.id))}`,
    }),
  }),
  ({ now }) => ({
    code: 'submission-without-time',
    table: 'authorizations',
    broken: sql`challenge in ('submitting', 'submitted') and submitted_at is null`,
    says: (row) => ({
      message: `${shown(row)}: its challenge was submitted, but not when: a lost submit is never taken for lost`,
      hint: null,
    }),
    // Now is the latest that the submission can have been: its verdict is awaited longer, never shorter.
    mend: { set: { submitted_at: now.toISOString() } },
  }),
  () => ({
    code: 'submission-forgotten',
    table: 'authorizations',
    broken: sql`status = 'pending' and challenge in ('none', 'presented') and submitted_at is not null`,
    says: (row) => ({
      message: `${shown(row)}: its challenge was submitted at ${row.submitted_at ?? ''}, and it is treated as if it never was: a clean-up would deactivate it while the CA decides`,
      hint: null,
    }),
    // As after a lost answer: the authorization is polled, and the submission given up only when the CA shows
    // no trace of it.
    mend: { set: { challenge: 'submitting' } },
  }),
  () => ({
    code: 'challenge-not-presented',
    table: 'authorizations',
    broken: sql`challenge = 'presented' and not ${presentedNow}`,
    says: (row) => ({
      message: `${shown(row)}: an answer to its challenge is said to be up, and there is none that could be taken down`,
      hint: null,
    }),
    mend: { set: { challenge: 'none' } },
  }),
];

function shown(row: { id: number; identifier: string | null; wildcard: 0 | 1 }): string {
  const name = nameProven({ ...row, wildcard: row.wildcard === 1 });
  return `authorization ${row.id}${name === null ? '' : ` (${name})`}`;
}
