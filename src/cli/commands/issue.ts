import type { Command } from 'commander';
import type { Runner } from '../runner.ts';
import type { IssueOptions } from '../../settings/certificate-fields.ts';
import { foreseenText, showReport } from './issue-text.ts';
import { addCertificateOptions } from '../options/certificate-options.ts';

export function issue(program: Command, runner: Runner): void {
  const command = program
    .command('issue')
    .description('obtain one certificate now')
    .argument('[NAME...]', 'names: domains, *.domains, IP addresses');
  addCertificateOptions(command);
  command
    .optionsGroup('Gate:')
    .option('--wait <DURATION>', 'wait that long for the gate instead of ending with 75')
    .option(
      '--now',
      'ask the CA once even though it said to come back later (for a person: each refusal may lengthen the wait)',
    )
    .option('--yes', 'also more new names under one domain than --max-new-names-per-domain')
    .option('--force', 'even if a certificate for these names stands and is not due')
    .optionsGroup('Trying first:')
    .option('--rehearse', "first the whole flow at the CA's staging; only names that pass go on")
    .option(
      '--no-check',
      'look neither at names before an order names them nor at http-01 answers before the submit',
    )
    .option('--dry-run', 'say what would happen and what it costs; nothing is sent');
  runner.bind<IssueOptions>(command, async (context, options, names) => {
    const { foreseeIssue, runIssue } = await import('../../issue/run-issue.ts');
    if (options.dryRun === true) {
      const foreseen = await foreseeIssue(context, names, options);
      context.output.result(foreseen.foreseen, () => foreseenText(foreseen));
      return 0;
    }
    return showReport(context, await runIssue(context, names, options));
  });
}
