import type { Command } from 'commander';
import type { Runner } from '../../runner.ts';
import { certificateText } from '../../../report/texts/certificate-text.ts';

export function certShow(cert: Command, runner: Runner): void {
  const command = cert
    .command('show')
    .description('show one certificate')
    .argument('<NAME>', 'its name, or a name in it');
  runner.bind(command, async (context, _options, [name = '']) => {
    const { oneCertificate } = await import('../../../report/certificates.ts');
    const shown = await oneCertificate(context, name);
    context.output.result(shown.certificate, () => certificateText(shown));
    return 0;
  });
}
