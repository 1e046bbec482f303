import { timeText } from '../../../clock.ts';
import type { Command } from 'commander';
import { printable } from '../../../printable.ts';
import type { CertificateOptions } from '../../../settings/certificate-fields.ts';
import { addCertificateOptions } from '../../options/certificate-options.ts';
import type { Runner } from '../../runner.ts';
import { writtenJson, writtenText } from './written-text.ts';

export function certAdd(cert: Command, runner: Runner): void {
  const command = cert
    .command('add')
    .description(
      'want a certificate: the next renew issues it; of one that exists, what is not typed stays; nothing is sent now',
    )
    .argument('[NAME...]', 'names: domains, *.domains, IP addresses');
  addCertificateOptions(command);
  runner.bind<CertificateOptions>(command, async (context, options, names) => {
    const { addWanted } = await import('../../../wanted/add.ts');
    const added = await addWanted(context, names, options);
    const { name, outcome, adoptedUntil } = added;
    context.output.result({ ...writtenJson(added), adopted: adoptedUntil !== null }, () =>
      adoptedUntil === null
        ? writtenText(added)
        : `${printable(name)}: ${outcome}, with what is stored, valid until ${timeText(adoptedUntil)}`,
    );
    return 0;
  });
}
