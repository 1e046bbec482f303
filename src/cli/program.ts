import type { Command } from 'commander';
import { version } from '../version.ts';
import { accountDeactivate } from './commands/account/deactivate.ts';
import { accountImport } from './commands/account/import.ts';
import { accountList } from './commands/account/list.ts';
import { accountRegister } from './commands/account/register.ts';
import { accountShow } from './commands/account/show.ts';
import { authzClear } from './commands/authz/clear.ts';
import { authzDiscover } from './commands/authz/discover.ts';
import { authzList } from './commands/authz/list.ts';
import { authzReport } from './commands/authz/report.ts';
import { authzShow } from './commands/authz/show.ts';
import { authzSync } from './commands/authz/sync.ts';
import { certAdd } from './commands/cert/add.ts';
import { certImport } from './commands/cert/import.ts';
import { certList } from './commands/cert/list.ts';
import { certPause } from './commands/cert/pause.ts';
import { certRemove } from './commands/cert/remove.ts';
import { certResume } from './commands/cert/resume.ts';
import { certRevoke } from './commands/cert/revoke.ts';
import { certSet } from './commands/cert/set.ts';
import { certShow } from './commands/cert/show.ts';
import { check } from './commands/check.ts';
import { dnsPersistRecord } from './commands/dns-persist/record.ts';
import { issue } from './commands/issue.ts';
import { ledgerCheck } from './commands/ledger/check.ts';
import { nameList } from './commands/name/list.ts';
import { nameResume } from './commands/name/resume.ts';
import { nameShow } from './commands/name/show.ts';
import { orderList } from './commands/order/list.ts';
import { orderShow } from './commands/order/show.ts';
import { renew } from './commands/renew.ts';
import { runsList } from './commands/runs/list.ts';
import { runsShow } from './commands/runs/show.ts';
import { serveHttp01 } from './commands/serve/http01.ts';
import { status } from './commands/status.ts';
import { LedgerCommand } from '../command-line/ledger-command.ts';
import { addGlobalOptions } from './global-options.ts';
import type { Runner } from './runner.ts';

/**
 * The command line. Each command is a file of its own in `commands/`; this file gives it its place in the
 * help.
 */
export function buildProgram(runner: Runner): Command {
  const program: Command = new LedgerCommand('acme-ledger')
    .description('An ACME client that never loses track of what it asked a certificate authority for.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError(false)
    .exitOverride();
  addGlobalOptions(program);
  issue(program, runner);
  renew(program, runner);
  const cert = group(program, 'cert', 'the certificates that should exist');
  certList(cert, runner);
  certShow(cert, runner);
  certPause(cert, runner);
  certResume(cert, runner);
  certRemove(cert, runner);
  certAdd(cert, runner);
  certSet(cert, runner);
  certImport(cert, runner);
  certRevoke(cert, runner);
  const authz = group(program, 'authz', 'authorizations, as the ledger holds them');
  authzList(authz, runner);
  authzShow(authz, runner);
  authzClear(authz, runner);
  authzReport(authz, runner);
  authzDiscover(authz, runner);
  authzSync(authz, runner);
  const order = group(program, 'order', 'orders');
  orderList(order, runner);
  orderShow(order, runner);
  const account = group(program, 'account', 'accounts at CAs');
  accountRegister(account, runner);
  accountList(account, runner);
  accountShow(account, runner);
  accountImport(account, runner);
  accountDeactivate(account, runner);
  const name = group(program, 'name', 'names that fail');
  nameList(name, runner);
  nameShow(name, runner);
  nameResume(name, runner);
  const runs = group(program, 'runs', 'what ran, and how it ended');
  runsList(runs, runner);
  runsShow(runs, runner);
  check(program, runner);
  serveHttp01(group(program, 'serve', 'one process that goes on until it is ended'), runner);
  dnsPersistRecord(group(program, 'dns-persist', 'records that stand in the DNS for good'), runner);
  status(program, runner);
  ledgerCheck(group(program, 'ledger', 'the database itself'), runner);
  return program;
}

function group(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('[COMMAND]')
    .usage('COMMAND [options]')
    .action((given: string | undefined, _options: unknown, command: Command) => {
      const fault =
        given === undefined
          ? `acme-ledger ${name} needs one of its commands`
          : `acme-ledger ${name} has no command '${given}'`;
      command.error(fault, { code: 'commander.unknownCommand' });
    });
}
