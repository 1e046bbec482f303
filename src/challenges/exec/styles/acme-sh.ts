import { basename } from 'node:path';
import { dnsRecordName, dnsRecordValue } from '../../answer-values.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { shellWord } from '../../../shell-word.ts';
import { acmeShProgram, credentialsHome, dnsScript } from '../acme-sh-home.ts';
import type { HookCommand, HookStyle } from '../hook-style.ts';
import { usage } from '../../solver-option.ts';

/**
 * The scripts of acme.sh's `dnsapi/`, some 180 of them, each with two functions that use those of acme.sh. `acme.sh WORD…` runs any word
 * as a command of its own shell, so `eval` reads the script there and calls the function. The name and the value of the record are in
 * variables: the words of an `eval` are read by the shell.
 */
export const acmeSh: HookStyle = {
  calls: 'CMD is a script of its dnsapi, as dns_cf: dns_cf_add|dns_cf_rm NAME VALUE in a shell of acme.sh',
  hasCleanupHook: false,
  onlyFor: 'dns-01',
  isScript: true,
  hookFrom: (typed, { directory, look }) => {
    const script = dnsScript(typed, directory);
    if (!look) return script ?? typed;
    if (script === null) throw usage(noScript(typed), whereLooked);
    if (acmeShProgram(script) === null) throw usage(noProgram(script), whereInstalled);
    return script;
  },
  commandsFor: (hook, directory) => [commandOf(hook, directory)],
  argumentsFor: () => [],
  variables: {
    ACME_LEDGER_FUNCTION: 'add or rm: the end of the name of the function that is called',
    ACME_LEDGER_FULLDOMAIN: 'its first argument: the name of the TXT record, without a dot at the end',
    ACME_LEDGER_TXTVALUE: 'its second argument',
  },
  variablesFor: (action, answer) => ({
    ACME_LEDGER_FUNCTION: action === 'present' ? 'add' : 'rm',
    ACME_LEDGER_FULLDOMAIN: dnsRecordName(answer).replace(/\.$/, ''),
    ACME_LEDGER_TXTVALUE: dnsRecordValue(answer),
  }),
};

function commandOf(hook: string, directory: string): HookCommand {
  const script = dnsScript(hook, directory);
  if (script === null) throw new AcmeLedgerError('solver', noScript(hook), { hint: whereLooked });
  const program = acmeShProgram(script);
  if (program === null) throw new AcmeLedgerError('solver', noProgram(script), { hint: whereInstalled });
  const name = basename(script, '.sh');
  const home = credentialsHome(script);
  const call = `${name}_"$ACME_LEDGER_FUNCTION" "$ACME_LEDGER_FULLDOMAIN" "$ACME_LEDGER_TXTVALUE"`;
  return {
    command: `${shellWord(program)} eval ${shellWord(`_initpath; . ${shellWord(script)}; ${call}`)}`,
    script,
    ...(home === null ? {} : { variables: { LE_WORKING_DIR: home } }),
  };
}

function noScript(hook: string): string {
  return `there is no script ${printable(hook)} of acme.sh's dnsapi`;
}

const whereLooked =
  'give its file, as in --hook /root/.acme.sh/dnsapi/dns_cf.sh, or its name, as in --hook dns_cf: that is looked for in $LE_WORKING_DIR, ~/.acme.sh and beside acme.sh';

function noProgram(script: string): string {
  return `${printable(script)} needs the functions of acme.sh, which isn't there`;
}

const whereInstalled =
  'install acme.sh, or say where it is: LE_WORKING_DIR=/root/.acme.sh; it is looked for there, in ~/.acme.sh, beside its dnsapi and in PATH';
