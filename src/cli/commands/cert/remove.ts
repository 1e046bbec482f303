import type { Command } from 'commander';
import { printable } from '../../../printable.ts';
import type { Runner } from '../../runner.ts';

export function certRemove(cert: Command, runner: Runner): void {
  const command = cert
    .command('remove')
    .description('stop wanting certificates: no more renewals; their files stay unless --delete-files')
    .argument('<NAME...>', 'their names')
    .option('--delete-files', 'also delete their files and their private keys');
  runner.bind<{ deleteFiles?: boolean }>(command, async (context, options, names) => {
    const { removeWanted } = await import('../../../wanted/remove.ts');
    await removeWanted(context, names, { deleteFiles: options.deleteFiles === true }, (removed) => {
      const files = removed.filesDeleted ? ', its files deleted' : '';
      context.output.line(removed, () => `${printable(removed.name)}: removed${files}`);
    });
    return 0;
  });
}
