import type { Command } from 'commander';
import type { CertificateOptions } from '../../../settings/certificate-fields.ts';
import { addWantedOptions } from '../../options/certificate-options.ts';
import type { Runner } from '../../runner.ts';
import { showReport } from '../issue-text.ts';
import { writtenJson, writtenText } from './written-text.ts';

export function certSet(cert: Command, runner: Runner): void {
  const command = cert
    .command('set')
    .description('change what is wanted of a certificate, and leave the rest; nothing is sent without --now')
    .argument('<NAME>', 'its name, as cert list shows it')
    .option('--now', 'have it issued at once, where the change needs another certificate');
  addWantedOptions(command);
  runner.bind<CertificateOptions & { now?: boolean }>(command, async (context, options, [name = '']) => {
    const { setCertificate } = await import('../../../issue/set-certificate.ts');
    const set = await setCertificate(context, name, options);
    if ('report' in set) return showReport(context, set.report);
    context.output.result(writtenJson(set.written), () => writtenText(set.written));
    return 0;
  });
}
