import { timeText } from '../clock.ts';
import { counted, printable } from '../printable.ts';
import { dueText } from '../report/due-text.ts';
import { limitLine } from '../report/limit-line.ts';
import { type HoldScope, isLost } from '../ledger/states.ts';
import type { AccountStatus, Status } from './account-status.ts';
import type { CertificateCounts } from './certificate-figures.ts';
import type { Check } from './check.ts';

/** The accounts and certificates at a glance, for a person. */
export function statusText({ accounts, nameServerDelays, certificates, places }: Status): string[] {
  if (accounts.length === 0 && certificates.total === 0) return beginningText(places);
  return [
    ...accounts.flatMap(accountText),
    ...nameServerDelays.map(delayText),
    certificatesText(certificates),
  ];
}

function delayText({ servers, extraSeconds }: Status['nameServerDelays'][number]): string {
  return `${printable(servers.join(', '))}: records are waited for ${String(extraSeconds)} s longer, because the CA missed some`;
}

function accountText(shown: AccountStatus): string[] {
  const { ca, account, status, gate, oldestPendingAt, limits, holds, failingNames, suspendedNames } = shown;
  return [
    ca,
    `  account  ${account ?? 'not registered'}${isLost({ status }) ? ` (${status}: acme-ledger account register makes a new one)` : ''}`,
    `  gate     ${String(gate.pending)} open (${String(gate.unsubmitted)} unsubmitted), ${String(gate.reserved)} reserved, ${String(gate.free)} of ${String(gate.maxPending)} free`,
    ...(oldestPendingAt === null ? [] : [`  oldest   open since ${timeText(oldestPendingAt)}`]),
    // The first limit is the gate's.
    ...limits.slice(1).map((limit) => `  limit    ${limitLine(limit)}`),
    ...holds.map(
      (hold) =>
        `  held     ${heldWords[hold.scope]}${hold.subject === '' ? '' : ` ${printable(hold.subject)}`} until ${timeText(hold.notBefore)}: ${printable(hold.error.message)}${fullText(hold.limit, gate.pending)}`,
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
    ? `; the CA says full, the ledger knows of ${String(pending)} open, and new orders go again as soon as one is closed: acme-ledger authz clear`
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

/** How to begin where there is nothing yet, or where the wrong place was looked at. */
function beginningText({ stateDir, ledger, configuration, configurationPlaces }: Status['places']): string[] {
  return [
    'nothing is in the ledger yet: no account and no certificate',
    `  state directory  ${stateDir}`,
    `  ledger           ${ledger}`,
    `  configuration    ${configuration ?? `none; looked for: ${configurationPlaces.join(', ')}`}`,
    'another place is given with --state-dir DIR, --ledger URL or --config FILE',
    'to begin:',
    '  acme-ledger issue example.com --webroot /var/www/html --email you@example.com --agree-tos',
    'to take over from certbot, lego, acme.sh or another client:',
    '  acme-ledger account import --import-accounts certbot --certificates --dry-run',
  ];
}

const checkWords = { ok: 'OK', warning: 'WARNING', critical: 'CRITICAL' } as const satisfies Record<
  Check['state'],
  string
>;

/** One line as monitors read it: the state, the reasons, and behind a bar the figures. */
export function checkText({ check, certificates, places }: Status): string {
  const { total, now, failing, waitingTooLong, expiringSoon, ...due } = certificates;
  const none =
    total === 0
      ? `no certificates in ${places.stateDir}`
      : `${counted(total, 'certificate')}, ${dueText({ ...due, now })}`;
  const figures = {
    certificates: total,
    due: due.due,
    failing,
    waiting_too_long: waitingTooLong,
    ending_soon: expiringSoon,
  };
  const data = Object.entries(figures).map(([name, value]) => `${name}=${String(value)}`);
  return `${checkWords[check.state]} - ${[...check.reasons, none].join('; ').replaceAll('|', '/')} | ${data.join(' ')}`;
}
