import type { Command } from 'commander';
import { Command as Program } from 'commander';
import { accountCommands } from './commands/account/account.ts';
import { authzClear } from './commands/authz/clear.ts';
import { authzDiscover } from './commands/authz/discover.ts';
import { authzList } from './commands/authz/list.ts';
import { authzReport } from './commands/authz/report.ts';
import { authzShow } from './commands/authz/show.ts';
import { authzSync } from './commands/authz/sync.ts';
import { certAdd } from './commands/cert/add.ts';
import { certCommands } from './commands/cert/cert.ts';
import { certImport } from './commands/cert/import.ts';
import { certRevoke } from './commands/cert/revoke.ts';
import { printable } from '../printable.ts';
import { addGlobalOptions } from './global-options.ts';
import { issue } from './commands/issue.ts';
import { ledgerCheck } from './commands/ledger-check.ts';
import { nameCommands } from './commands/name/name.ts';
import { orderCommands } from './commands/order/order.ts';
import { renew } from './commands/renew.ts';
import type { Runner } from './runner.ts';
import { status } from './commands/status.ts';
import { version } from '../version.ts';

/** The command line. Each command is a file of its own. */
export function buildProgram(runner: Runner): Command {
  const program = new Program('acme-ledger')
    .description('An ACME client that never loses track of what it asked a certificate authority for.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text), outputError: writeUsageError });
  addGlobalOptions(program);
  issue(program, runner);
  renew(program, runner);
  const cert = group(program, 'cert', 'the certificates that should exist');
  certCommands(cert, runner);
  certAdd(cert, runner);
  certImport(cert, runner);
  certRevoke(cert, runner);
  const authz = group(program, 'authz', 'authorizations, as the ledger holds them');
  authzList(authz, runner);
  authzShow(authz, runner);
  authzClear(authz, runner);
  authzReport(authz, runner);
  authzDiscover(authz, runner);
  authzSync(authz, runner);
  orderCommands(group(program, 'order', 'orders'), runner);
  accountCommands(group(program, 'account', 'accounts at CAs'), runner);
  nameCommands(group(program, 'name', 'names that fail'), runner);
  status(program, runner);
  ledgerCheck(group(program, 'ledger', 'the database itself'), runner);
  program.addHelpText('afterAll', exitCodesHelp);
  return program;
}

function group(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('[COMMAND]')
    .usage('[options] COMMAND')
    .action((given: string | undefined, _options: unknown, command: Command) => {
      const fault =
        given === undefined
          ? `acme-ledger ${name} needs one of its commands`
          : `acme-ledger ${name} has no command '${given}'`;
      command.error(`error: ${fault}\n(there is: ${command.commands.map((one) => one.name()).join(', ')})`);
    });
}

/** commander's message in our two lines; what it adds in brackets below (did you mean …) is the hint. */
function writeUsageError(text: string, write: (text: string) => void): void {
  const [, message = text, suggestion = usageHint] = /^(.*?)(?:\n\((.*)\))?\n?$/s.exec(text) ?? [];
  write(`${printable(message)}\nhint: ${printable(suggestion)}\n`);
}

const usageHint = 'acme-ledger --help shows the commands, acme-ledger COMMAND --help their options';

const exitCodesHelp = `
Exit codes:
  0         all that was asked is done, or nothing was due
  1         at least one item failed; the others were done
  2         wrong usage, configuration or input; nothing was sent
  70        a bug in acme-ledger
  75        not now (the gate, a limit or an outage of the CA, another run); nothing is lost
  130, 143  interrupted by SIGINT, SIGTERM, after settling what was open`;
