import type { Command } from 'commander';
import type { Runner } from '../../runner.ts';

export function certImport(cert: Command, runner: Runner): void {
  const command = cert
    .command('import')
    .description('want the certificates of a list: the next renew issues those that are not there')
    .argument(
      '<FILE>',
      "CSV with a header, or one JSON object a line; - reads stdin. A row is what issue would be given, by its options' names",
    )
    .option('--strict', 'take no row when one is bad')
    .option('--dry-run', 'say what would be written; nothing is');
  runner.bind<{ strict?: boolean; dryRun?: boolean }>(command, async (context, options, [file = '']) => {
    const { importCertificates } = await import('../../../wanted/import-list.ts');
    return importCertificates(context, {
      file,
      strict: options.strict === true,
      dryRun: options.dryRun === true,
    });
  });
}
