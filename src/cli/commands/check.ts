import type { Command } from 'commander';
import { challengeTypes } from '../../challenges/solver.ts';
import { checkedText, summaryText } from '../../preflight/check-text.ts';
import type { CheckedName } from '../../preflight/checked-name.ts';
import { customerLines, forCustomer } from '../../preflight/for-customer.ts';
import type { Output } from '../../run/run-context.ts';
import { parseChoice } from '../options/values.ts';
import type { Runner } from '../runner.ts';

interface Options {
  all?: boolean;
  deep?: boolean;
  forCustomer?: boolean;
  checkResolver?: string;
  challenge?: string;
}

/** So few names are told of in full. */
const detailedMost = 5;

export function check(program: Command, runner: Runner): void {
  const command = program
    .command('check')
    .description('look whether a certificate for these names would be issued; nothing is sent to the CA')
    .argument('[NAME...]', 'names, or names of certificates for all of their names')
    .option('--all', 'the names of all certificates')
    .option('--deep', 'put a real answer up, look at it, take it down')
    .option('--check-resolver <ADDR[:PORT]>', 'the resolver to ask; a validating one shows broken DNSSEC')
    .option('--challenge <TYPE>', 'how names of no certificate would be proven (default: http-01)')
    .option('--for-customer', "only what the domain's owner can mend, in words for a ticket");
  runner.bind<Options>(command, async (context, options, operands) => {
    const { output } = context;
    const { challenge } = options;
    const asked = {
      operands,
      all: options.all === true,
      deep: options.deep === true,
      resolver: options.checkResolver,
      challenge: challenge === undefined ? null : parseChoice(challenge, challengeTypes, '--challenge'),
    };
    const isForCustomer = options.forCustomer === true;
    const isDetailed = !asked.all && (operands.length <= detailedMost || context.settings.verbosity > 0);
    const { runCheck } = await import('../../preflight/run-check.ts');
    const summary = await runCheck(context, asked, (checked) => {
      if (isForCustomer) writeForCustomer(output, checked);
      else write(output, checked, isDetailed);
    });
    if (!output.json && !isForCustomer) output.conclude(summaryText(summary));
    return summary.wouldFail > 0 ? 1 : 0;
  });
}

function write(output: Output, checked: CheckedName, isDetailed: boolean): void {
  if (output.json) for (const finding of checked.findings) output.line(finding, () => '');
  else for (const line of checkedText(checked, { isDetailed })) output.line(line, (text) => text);
}

function writeForCustomer(output: Output, checked: CheckedName): void {
  if (output.json) for (const text of forCustomer(checked)) output.line(text, () => '');
  else for (const line of customerLines(checked)) output.line(line, (text) => text);
}
