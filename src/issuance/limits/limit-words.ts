import { AcmeLedgerError } from '../../errors.ts';
import { later, timeText } from '../../clock.ts';
import type { LimitName } from '../../ca-limits.ts';
import { usedOf } from '../../token-bucket.ts';
import type { Shortage } from './charges.ts';

/** Each limit in words, and what a person can do about it. */
const said: Record<LimitName, { what: string; todo: string }> = {
  'new-orders': {
    what: 'new orders of the account',
    todo: 'acme-ledger status shows how full the limits are, acme-ledger renew --dry-run what is planned',
  },
  'certificates-per-domain': {
    what: 'new certificates of a registered domain',
    todo: 'renewals of exactly the same names are free of it; ask the CA for a higher limit if new names go on coming',
  },
  'certificates-per-set': {
    what: 'certificates for exactly the same names',
    todo: 'use the certificate that was issued (acme-ledger cert show), or ask for one name more or fewer',
  },
  'failed-authorizations': {
    what: 'failed validations of a name',
    todo: 'find out first why it fails: acme-ledger authz list --status invalid',
  },
  'failures-in-a-row': {
    what: 'failed validations in a row of a name',
    todo: 'the CA is about to pause the name: find out why it fails (acme-ledger authz list --status invalid), or leave it out',
  },
};

/** When the limit will be free for the order. */
export function freeAt({ waitMs }: Shortage, now: Date): Date {
  return later(now, Math.ceil(waitMs));
}

/** The error for a limit of the CA that is used up by this ledger's count; nothing was sent. */
export function shortageError(shortage: Shortage, now: Date): AcmeLedgerError {
  const { held } = shortage.bucket;
  const promised = held === 0 ? '' : `, ${String(held)} of them promised to running orders`;
  return refusal(shortage, now, `are used${promised}`);
}

/** The error for an order that has to wait in a plan, because others go first. */
export function plannedError(shortage: Shortage, now: Date): AcmeLedgerError {
  return refusal(shortage, now, 'are used or go to more urgent certificates');
}

function refusal(shortage: Shortage, now: Date, areUsed: string): AcmeLedgerError {
  const { charge, bucket } = shortage;
  const { what, todo } = said[charge.key.limit];
  const count = usedOf(bucket, now.getTime());
  const used = `${String(count)} of ${String(charge.allowance.max)} ${areUsed}`;
  const isReserveLeft = charge.leaves > 0 && count + charge.leaves <= charge.allowance.max;
  const reserve = isReserveLeft ? `, and the last ${String(charge.leaves)} are left to issue` : '';
  const subject = charge.key.subject === '' ? '' : ` for ${charge.key.subject}`;
  const retryAt = freeAt(shortage, now);
  return new AcmeLedgerError(
    'ca-limit',
    `the CA's limit on ${what} has no room${subject}: ${used}${reserve}; the next is free at ${timeText(retryAt)}`,
    { hint: `nothing was sent; ${todo}`, retryAt },
  );
}
