import { sql } from 'kysely';
import { farthestKeptMs, farthestReservationMs } from '../../bounded-wait.ts';
import type { Moment } from './finding.ts';
import type { RowRule } from './row-rule.ts';
import { shellWord } from '../../shell-word.ts';

const dayMs = 86_400_000;
const reservedMs = 7 * dayMs;
const keptMs = dayMs;

/** `cert remove` writes the time of its own clock as `kept_until`; another run's clock may be behind. */
const clockSkewMs = 10 * 60_000;

const links = sql`(select count(*) from order_authorizations where order_id = orders.id)`;

type OrderRule = (moment: Moment) => RowRule<'orders'>;

/** States of an order that no run leaves behind, by itself or killed at any point. */
export const orderRules: readonly OrderRule[] = [
  () => ({
    code: 'order-intent-answered',
    table: 'orders',
    broken: sql`status = 'intent' and (url is not null or certificate_url is not null or finalize_sent_at is not null)`,
    says: ({ id }) => ({
      message: `order ${id} is written down as never answered by the CA, and has what only an answer brings: its names are counted as reserved although it is known what they opened`,
      hint: 'acme-ledger authz clear asks the CA what the order is, and settles it',
    }),
  }),
  () => ({
    code: 'order-reserves-answered',
    table: 'orders',
    broken: sql`reserved > 0 and url is not null and status <> 'intent'`,
    says: ({ id, reserved, reserved_until }) => ({
      message: `order ${id} was answered by the CA and still reserves ${reserved} authorizations: the gate counts them twice until ${reserved_until}`,
      hint: 'acme-ledger authz sync learns its authorizations from the CA; then check again',
    }),
    mend: { set: { reserved: 0 }, when: sql`${links} >= reserved` },
  }),
  () => ({
    code: 'order-concluded-unfinished',
    table: 'orders',
    broken: sql`concluded_at is not null and status in ('intent', 'pending', 'ready', 'processing')`,
    says: ({ id, status, certificate_name }) => ({
      message: `order ${id} is marked as over, but is "${status}": nobody will ever go on with it`,
      hint: `acme-ledger cert show ${shellWord(certificate_name)} says whether the certificate is there; acme-ledger renew ${shellWord(certificate_name)} makes it if not`,
    }),
    // An order that was finalized may have been paid for: a person looks first.
    mend: {
      set: { status: 'abandoned' },
      when: sql`status in ('intent', 'pending') and finalize_sent_at is null`,
    },
  }),
  ({ now }) => ({
    code: 'order-kept-and-owned',
    table: 'orders',
    broken: sql`concluded_at is null and run_id is not null and kept_until > ${inMs(now, clockSkewMs)}`,
    says: ({ id, kept_until }) => ({
      message: `order ${id} is owned by a run and kept for the next attempt at once: should the run be dead, no clean-up touches what the order holds before ${kept_until ?? ''}`,
      hint: 'acme-ledger authz clear --all settles it',
    }),
    mend: { set: { kept_until: null } },
  }),
  ({ now }) => ({
    code: 'order-kept-too-long',
    table: 'orders',
    broken: sql`concluded_at is null and run_id is null and kept_until > ${inMs(now, farthestKeptMs)} and (expires_at is null or kept_until > expires_at)`,
    says: ({ id, kept_until }) => ({
      message: `order ${id} is kept for the next attempt until ${kept_until ?? ''}, which is longer than any order is: the clock was ahead when it was written`,
      hint: 'acme-ledger authz clear --all settles it',
    }),
    mend: { set: { kept_until: inMs(now, keptMs) } },
  }),
  ({ now }) => ({
    code: 'reservation-too-long',
    table: 'orders',
    broken: sql`reserved > 0 and reserved_until > ${inMs(now, farthestReservationMs)}`,
    says: ({ id, reserved, reserved_until }) => ({
      message: `order ${id} reserves ${reserved} authorizations until ${reserved_until}, which is longer than a pending authorization lives: the clock was ahead when it was written, and nothing is counted for it any more`,
      hint: null,
    }),
    // The authorizations that the order opened were opened before now.
    mend: { set: { reserved_until: inMs(now, reservedMs) } },
  }),
  () => ({
    code: 'order-without-authorizations',
    table: 'orders',
    broken: sql`concluded_at is null and url is not null and status <> 'intent' and ${links} = 0`,
    says: ({ id }) => ({
      message: `order ${id} was answered by the CA, but no authorization of it is known: what it opened is neither counted nor settled`,
      hint: 'acme-ledger authz sync learns them from the CA',
    }),
  }),
  () => ({
    code: 'order-of-ended-run',
    level: 'note',
    table: 'orders',
    broken: sql`concluded_at is null and run_id in (select runs.id from runs where ended_at is not null)`,
    says: ({ id }) => ({
      message: `order ${id} belongs to a run that has ended: it is settled or taken up by the next run`,
      hint: 'acme-ledger authz clear does it now',
    }),
  }),
];

function inMs(now: Date, ms: number): string {
  return new Date(now.getTime() + ms).toISOString();
}
