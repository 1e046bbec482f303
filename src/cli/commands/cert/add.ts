import type { Command } from 'commander';
import { printable } from '../../../printable.ts';
import type { CertificateOptions } from '../../../settings/certificate-fields.ts';
import { addCertificateOptions } from '../../options/certificate-options.ts';
import type { Runner } from '../../runner.ts';

export function certAdd(cert: Command, runner: Runner): void {
  const command = cert
    .command('add')
    .description('want a certificate: the next renew issues it; nothing is sent now')
    .argument('[NAME...]', 'names: domains, *.domains, IP addresses');
  addCertificateOptions(command);
  runner.bind<CertificateOptions>(command, async (context, options, names) => {
    const { addWanted } = await import('../../../wanted/add.ts');
    const { name, names: wanted, outcome, adoptedUntil } = await addWanted(context, names, options);
    const adopted =
      adoptedUntil === null ? '' : `, with what is stored, valid until ${adoptedUntil.toISOString()}`;
    context.output.result(
      { name, names: wanted, outcome, adopted: adoptedUntil !== null },
      () => `${printable(name)}: ${outcome}${adopted}`,
    );
    return 0;
  });
}
