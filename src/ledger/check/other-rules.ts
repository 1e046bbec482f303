import { sql } from 'kysely';
import type { Moment } from './finding.ts';
import type { RowRule } from './row-rule.ts';
import { shellWord } from '../../shell-word.ts';

/** How long a clean-up may be at work. */
const cleanUpMs = 3_600_000;

/**
 * An answer's order is over, no run works on it, and its authorization isn't pending: neither the CA nor
 * anybody else needs the answer any more.
 */
const isNeededByNobody = (before: string) => sql`exists (select 1 from orders
  join authorizations on authorizations.id = presentations.authorization_id
  left join runs on runs.id = orders.run_id
  where orders.id = presentations.order_id and orders.concluded_at < ${before}
    and authorizations.status <> 'pending' and (runs.id is null or runs.ended_at is not null))`;

const isLinked = sql`exists (select 1 from order_authorizations as links
  where links.order_id = presentations.order_id and links.authorization_id = presentations.authorization_id)`;

export const presentationRules: readonly ((moment: Moment) => RowRule<'presentations'>)[] = [
  ({ now }) => ({
    code: 'presentation-left-up',
    table: 'presentations',
    broken: sql`cleaned_at is null and ${isLinked} and ${isNeededByNobody(new Date(now.getTime() - cleanUpMs).toISOString())}`,
    says: ({ identifier, challenge_type, error }) => ({
      message: `an answer to a ${challenge_type} challenge for ${identifier} is still up, and nobody needs it any more${error === null ? '' : ': taking it down failed'}`,
      hint: 'acme-ledger authz clear takes it down, or says why it can not',
    }),
  }),
];

export const probeRules: readonly ((moment: Moment) => RowRule<'probes'>)[] = [
  ({ now }) => ({
    code: 'probe-left-up',
    table: 'probes',
    // A probe takes minutes.
    broken: sql`created_at < ${new Date(now.getTime() - cleanUpMs).toISOString()}`,
    says: ({ identifier, challenge_type, error }) => ({
      message: `what a probe of ${identifier} put up for ${challenge_type} is still there${error === null ? '' : ': taking it down failed'}`,
      hint: 'acme-ledger renew takes it down, or says why it can not; until then the name is not probed again',
    }),
  }),
];

/** A wait that the CA asked for is heeded for a day at most (src/bounded-wait.ts); a day more for clocks. */
const holdMs = 86_400_000;
const holdMaxMs = 2 * 86_400_000;

export const holdRules: readonly ((moment: Moment) => RowRule<'holds'>)[] = [
  ({ now }) => ({
    code: 'hold-too-long',
    table: 'holds',
    // A hold that was noted by a clock that was ahead is moved when it is read.
    broken: sql`noted_at <= ${now.toISOString()} and not_before > ${new Date(now.getTime() + holdMaxMs).toISOString()}`,
    says: ({ scope, subject, not_before }) => ({
      message: `the CA isn't asked for "${scope}" ${subject} before ${not_before}, which is longer than any limit lasts`,
      hint: null,
    }),
    mend: { set: { not_before: new Date(now.getTime() + holdMs).toISOString() } },
  }),
];

export const certificateRules: readonly (() => RowRule<'certificates'>)[] = [
  () => ({
    code: 'certificate-half-stored',
    table: 'certificates',
    broken: sql`(stored_at is null and (serial is not null or not_before is not null or not_after is not null
        or order_id is not null or deployed_at is not null))
      or (stored_at is not null and (serial is null or not_before is null or not_after is null))`,
    says: ({ name }) => ({
      message: `certificate ${name} is partly written down as stored: when it is due can not be told`,
      hint: `acme-ledger renew --all ${shellWord(name)} makes a new one`,
    }),
  }),
  () => ({
    code: 'renewal-window-impossible',
    table: 'certificates',
    broken: sql`(ari_window_start is null) <> (ari_window_end is null)
      or (ari_window_start is null) <> (ari_renew_at is null)
      or ari_window_start >= ari_window_end or ari_renew_at < ari_window_start`,
    says: ({ name, ari_renew_at }) => ({
      message: `the window in which certificate ${name} is to be renewed isn't one that a CA suggests${ari_renew_at === null ? '' : `, and it is due at ${ari_renew_at} for that`}`,
      hint: null,
    }),
    // The CA is asked again; until then the certificate's life says when it is due.
    mend: { set: { ari_window_start: null, ari_window_end: null, ari_renew_at: null, ari_ask_at: null } },
  }),
];

export const accountRules: readonly (() => RowRule<'accounts'>)[] = [
  () => ({
    code: 'account-half-registered',
    table: 'accounts',
    broken: sql`(url is null and status not in ('unregistered', 'deactivated', 'revoked', 'unknown')) or (url is not null and status = 'unregistered')`,
    says: ({ ca, status, url }) => ({
      message: `the account at ${ca} is "${status}" and ${url === null ? 'has no URL: no run settles what is open on it' : 'has a URL all the same'}`,
      hint: `acme-ledger account register --ca ${shellWord(ca)} asks the CA for it`,
    }),
  }),
];
