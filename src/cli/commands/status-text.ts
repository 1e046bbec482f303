import { counted, printable } from '../../printable.ts';
import { dueText } from '../../report/due-text.ts';
import { limitLine } from '../../report/limit-line.ts';
import { type HoldScope, isLost } from '../../ledger/states.ts';
import type { AccountStatus, CertificateCounts, Status } from '../../status/account-status.ts';

/** The accounts and certificates at a glance, for a person. */
export function statusText({ accounts, certificates }: Status): string[] {
  return [...accounts.flatMap(accountText), certificatesText(certificates)];
}

function accountText(shown: AccountStatus): string[] {
  const { ca, account, status, gate, oldestPendingAt, limits, holds, failingNames, suspendedNames } = shown;
  return [
    ca,
    `  account  ${account ?? 'not registered'}${isLost({ status }) ? ` (${status}: acme-ledger account register makes a new one)` : ''}`,
    `  gate     ${String(gate.pending)} open (${String(gate.unsubmitted)} unsubmitted), ${String(gate.reserved)} reserved, ${String(gate.free)} of ${String(gate.maxPending)} free`,
    ...(oldestPendingAt === null ? [] : [`  oldest   open since ${oldestPendingAt}`]),
    // The first limit is the gate's.
    ...limits.slice(1).map((limit) => `  limit    ${limitLine(limit)}`),
    ...holds.map(
      (hold) =>
        `  held     ${heldWords[hold.scope]}${hold.subject === '' ? '' : ` ${printable(hold.subject)}`} until ${hold.notBefore}: ${printable(hold.error.message)}${fullText(hold.limit, gate.pending)}`,
    ),
    ...(failingNames === 0
      ? []
      : [
          `  failing  ${counted(failingNames, 'name')}, ${String(suspendedNames)} suspended: acme-ledger name list`,
        ]),
  ];
}

function certificatesText(counts: CertificateCounts): string {
  const { total, failing, expiringSoon, paused, pausedEnding, ...due } = counts;
  const ending = pausedEnding === 0 ? '' : `, ${String(pausedEnding)} of them ending soon`;
  const pausedText = `${String(paused)} paused${ending}: acme-ledger cert list`;
  return `certificates: ${String(total)}, ${dueText(due)}, ${String(failing)} failing, ${String(expiringSoon)} ending soon${paused === 0 ? '' : `, ${pausedText}`}`;
}

/** The CA's count and ours differ by what others left open. */
function fullText(limit: string, pending: number): string {
  return limit === 'pending-authorizations'
    ? `; the ledger knows of ${String(pending)} open, and new orders go again as soon as one is closed: acme-ledger authz clear`
    : '';
}

const heldWords = {
  requests: 'every request',
  registration: 'the registration',
  orders: 'new orders',
  domain: 'new orders for names under',
  name: 'new orders with',
  names: 'new orders for',
} as const satisfies Record<HoldScope, string>;
