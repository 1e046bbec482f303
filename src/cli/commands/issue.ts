import type { Command } from 'commander';
import type { Runner } from '../runner.ts';
import type { IssueOptions } from '../../settings/certificate-fields.ts';
import { foreseenText, issueText } from './issue-text.ts';
import { addCertificateOptions } from '../options/certificate-options.ts';

export function issue(program: Command, runner: Runner): void {
  const command = program
    .command('issue')
    .description('obtain one certificate now')
    .argument('[NAME...]', 'names: domains, *.domains, IP addresses')
    .addHelpText(
      'after',
      `
Examples:
  acme-ledger issue example.com www.example.com --webroot /var/www/html --agree-tos
  acme-ledger issue '*.example.com' example.com --hook /etc/acme/dns.sh --agree-tos
  acme-ledger issue 192.0.2.7 --solver standalone --profile shortlived`,
    );
  addCertificateOptions(command);
  command
    .option('--wait <DURATION>', 'wait that long for the gate instead of ending with 75')
    .option('--rehearse', "first the whole flow at the CA's staging; only names that pass go on")
    .option('--dry-run', 'say what would happen and what it costs; nothing is sent')
    .option(
      '--now',
      'ask the CA once even though it said to come back later (for a person: each refusal may lengthen the wait)',
    )
    .option('--force', 'even if a certificate for these names stands and is not due');
  runner.bind<IssueOptions>(command, async (context, options, names) => {
    const { foreseeIssue, runIssue } = await import('../../issue/run-issue.ts');
    if (options.dryRun === true) {
      const foreseen = await foreseeIssue(context, names, options);
      context.output.result(foreseen.foreseen, () => foreseenText(foreseen));
      return 0;
    }
    const report = await runIssue(context, names, options);
    context.output.result(report.json, () => issueText(report));
    const { status, error } = report.json;
    context.record.outcome({ name: report.certificateName, status, error });
    context.record.sum({ [status]: 1 }, `1 ${status}`);
    if (error !== null) context.output.repeat(error);
    return report.exitCode;
  });
}
