import type { Command } from 'commander';
import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import { accountImport } from './account-import.ts';
import type { Runner } from './runner.ts';
import { accountJson } from './shapes.ts';

/** The commands of `account`. */
export function accountCommands(account: Command, runner: Runner): void {
  accountRegister(account, runner);
  accountList(account, runner);
  accountShow(account, runner);
  accountImport(account, runner);
}

function accountRegister(account: Command, runner: Runner): void {
  const command = account
    .command('register')
    .description('register the account at the CA (issue does so by itself)');
  runner.bind(command, async (context) => {
    const { withIssuance } = await import('./opening.ts');
    const { authorityOf } = await import('../acme/known-authorities.ts');
    const account = await withIssuance(
      context,
      authorityOf(context.settings.ca),
      { command: 'account register', mayRegister: true },
      (issuance) => Promise.resolve(issuance.account),
    );
    context.output.result(accountJson(account), textOf);
    return 0;
  });
}

function accountList(account: Command, runner: Runner): void {
  const command = account.command('list').description('list the accounts in the ledger');
  runner.bind(command, async (context) => {
    const { withLedger } = await import('./ledger-opening.ts');
    const { listAccounts } = await import('../ledger/accounts.ts');
    return withLedger(context.settings, async (ledger) => {
      const shown = (await listAccounts(ledger)).map(accountJson);
      if (context.output.json)
        shown.forEach((row) => {
          context.output.line(row, () => '');
        });
      else if (shown.length > 0) {
        await context.output.table(
          ['ID', 'CA', 'STATUS', 'FOR', 'URL', 'EMAIL'],
          shown.map((row) => [
            String(row.id),
            row.ca,
            row.status,
            row.purpose,
            row.url ?? '',
            row.email ?? '',
          ]),
        );
      }
      return 0;
    });
  });
}

function accountShow(account: Command, runner: Runner): void {
  const command = account
    .command('show')
    .description('show one account')
    .argument('[ID]', 'its number in the ledger (default: the one at --ca)');
  runner.bind(command, async (context, _options, [key]) => {
    const { withLedger } = await import('./ledger-opening.ts');
    const { accountAt, accountById } = await import('../ledger/accounts.ts');
    const { authorityOf } = await import('../acme/known-authorities.ts');
    return withLedger(context.settings, async (ledger) => {
      const row = await (key === undefined
        ? accountAt(ledger, authorityOf(context.settings.ca).directoryUrl)
        : accountById(ledger, /^[0-9]+$/.test(key) ? Number(key) : 0));
      if (row === undefined) {
        throw new AcmeLedgerError(
          'not-found',
          key === undefined
            ? `the ledger has no account at ${printable(context.settings.ca)}`
            : `the ledger has no account ${printable(key)}`,
          { hint: 'acme-ledger account list shows those that it has' },
        );
      }
      context.output.result(accountJson(row), textOf);
      return 0;
    });
  });
}

function textOf(shown: ReturnType<typeof accountJson>): string[] {
  return [
    `account ${String(shown.id)}: ${shown.status}`,
    `  ca     ${shown.ca}`,
    `  url    ${shown.url ?? 'not registered'}`,
    `  email  ${shown.email ?? '-'}`,
    `  key    ${shown.keyFile} (thumbprint ${shown.keyThumbprint})`,
    `  for    ${shown.purpose === 'orders' ? 'orders' : 'cleaning up alone'}`,
  ];
}
