import type { Command } from 'commander';
import { isLost } from '../../ledger/accounts.ts';
import type { HoldScope } from '../../ledger/states.ts';
import { printable } from '../../printable.ts';
import type { AccountStatus, CertificateCounts } from '../../status/account-status.ts';
import { limitLine } from '../../report/limit-status.ts';
import type { Runner } from '../runner.ts';
import { counted } from '../../printable.ts';

export function status(program: Command, runner: Runner): void {
  const command = program
    .command('status')
    .description('the accounts at a glance: the gate, open authorizations, failing names, certificates due');
  runner.bind(command, async (context) => {
    const { withWanted } = await import('../../wanted/write-configured.ts');
    const { statusOf } = await import('../../status/account-status.ts');
    return withWanted(context, async (ledger) => {
      const shown = await statusOf(context, ledger);
      context.output.result(shown, () => [
        ...shown.accounts.flatMap(textOf),
        certificatesText(shown.certificates),
      ]);
      return 0;
    });
  });
}

function textOf(shown: AccountStatus): string[] {
  const { ca, account, status, gate, oldestPendingAt, limits, holds, failingNames, suspendedNames } = shown;
  return [
    ca,
    `  account  ${account ?? 'not registered'}${isLost({ status }) ? ` (${status}: acme-ledger account register makes a new one)` : ''}`,
    `  gate     ${String(gate.pending)} open (${String(gate.unsubmitted)} unsubmitted), ${String(gate.reserved)} reserved, ${String(gate.free)} of ${String(gate.maxPending)} free`,
    ...(oldestPendingAt === null ? [] : [`  oldest   open since ${oldestPendingAt}`]),
    // The first is the gate's.
    ...limits.slice(1).map((limit) => `  limit    ${limitLine(limit)}`),
    ...holds.map(
      (hold) =>
        `  held     ${heldWords[hold.scope]}${hold.subject === '' ? '' : ` ${printable(hold.subject)}`} until ${hold.notBefore}: ${printable(hold.error?.message ?? hold.limit)}`,
    ),
    ...(failingNames === 0
      ? []
      : [
          `  failing  ${counted(failingNames, 'name')}, ${String(suspendedNames)} suspended: acme-ledger name list`,
        ]),
  ];
}

function certificatesText({ total, due, leftAlone, failing, expiringSoon }: CertificateCounts): string {
  const alone = leftAlone === 0 ? '' : ` (${String(leftAlone)} left alone for suspended names)`;
  return `certificates: ${String(total)}, ${String(due)} due${alone}, ${String(failing)} failing, ${String(expiringSoon)} ending soon`;
}

const heldWords = {
  requests: 'every request',
  registration: 'the registration',
  orders: 'new orders',
  domain: 'new orders for names under',
  name: 'new orders with',
  names: 'new orders for',
} as const satisfies Record<HoldScope, string>;
