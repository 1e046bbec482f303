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
    const { typedWish } = await import('../../../wanted/typed.ts');
    const { withLedgerWriter } = await import('../../../run/ledger-writing.ts');
    const { adoptStored } = await import('../../../issuance/certificate/adopt-stored.ts');
    const { recordWishes } = await import('../../../ledger/certificates/wanted.ts');
    const { wish } = await typedWish(context, names, options);
    await withLedgerWriter(context, 'cert add', async (writer) => {
      const [compared] = await recordWishes(writer, [wish], 'command');
      const outcome = compared?.outcome ?? 'unchanged';
      const isNew = compared !== undefined && compared.before === undefined;
      const until = isNew ? await adoptStored(writer, context.settings.stateDir, wish) : null;
      const adopted = until === null ? '' : `, with what is stored, valid until ${until.toISOString()}`;
      context.output.result(
        { name: wish.name, names: wish.names, outcome, adopted: until !== null },
        () => `${printable(wish.name)}: ${outcome}${adopted}`,
      );
    });
    return 0;
  });
}
