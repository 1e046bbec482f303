import type { Command } from 'commander';
import { printable } from '../../../printable.ts';
import { shellWord } from '../../../shell-word.ts';
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
      const name = printable(removed.name);
      context.output.line(removed, () => [
        `${name}: removed${files}`,
        ...(removed.comesBackBy === undefined
          ? []
          : [
              '  an import wants it: the next import of a list that has it brings it back',
              `  to keep it from being ordered then: acme-ledger cert pause ${shellWord(name)}, which no import undoes`,
            ]),
      ]);
    });
    return 0;
  });
}
