import type { Command } from 'commander';
import type { Runner } from '../../runner.ts';

export function certImport(cert: Command, runner: Runner): void {
  const command = cert
    .command('import')
    .description('want the certificates of a list: the next renew issues those that are not there')
    .argument('<FILE>', 'CSV with a header, or one JSON object a line; - reads stdin')
    .option('--strict', 'take no row when one is bad')
    .option('--dry-run', 'say what would be written; nothing is')
    .addHelpText(
      'after',
      `
A row is what issue would be given, by its options' names: name, names, ca, keyType, profile, webroot, hook, deployHook, …

Examples:
  {"names":["example.com","www.example.com"],"webroot":"/var/www/example"}
  names,webroot,deployHook
  example.org www.example.org,/var/www/example.org,systemctl reload nginx`,
    );
  runner.bind<{ strict?: boolean; dryRun?: boolean }>(command, async (context, options, [file = '']) => {
    const { importCertificates } = await import('../../../wanted/import-list.ts');
    return importCertificates(context, {
      file,
      strict: options.strict === true,
      dryRun: options.dryRun === true,
    });
  });
}
