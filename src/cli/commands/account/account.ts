import type { Command } from 'commander';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { accountImport } from './import.ts';
import { accountRegister } from './register.ts';
import { accountText } from './account-text.ts';
import type { Runner } from '../../runner.ts';
import { accountJson } from '../../../report/shapes.ts';

/** The commands of `account`. */
export function accountCommands(account: Command, runner: Runner): void {
  accountRegister(account, runner);
  accountList(account, runner);
  accountShow(account, runner);
  accountImport(account, runner);
}

function accountList(account: Command, runner: Runner): void {
  const command = account.command('list').description('list the accounts in the ledger');
  runner.bind(command, async (context) => {
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { listAccounts } = await import('../../../ledger/accounts.ts');
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
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { accountAt, accountById } = await import('../../../ledger/accounts.ts');
    const { authorityOf } = await import('../../../acme/authorities/authorities.ts');
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
      context.output.result(accountJson(row), accountText);
      return 0;
    });
  });
}
