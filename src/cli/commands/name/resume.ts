import type { Command } from 'commander';
import { AcmeLedgerError } from '../../../errors.ts';
import { counted } from '../../../printable.ts';
import type { Runner } from '../../runner.ts';

export function nameResume(name: Command, runner: Runner): void {
  const command = name
    .command('resume')
    .description('let names that failed, or are suspended, be tried again by the next renew; nothing is sent')
    .argument('[NAME...]', 'as name list shows them')
    .option('--all', 'all names that fail');
  runner.bind<{ all?: boolean }>(command, async (context, options, names) => {
    if ((options.all === true) === names.length > 0) {
      throw new AcmeLedgerError('usage', 'give names, or --all', {
        hint: 'acme-ledger name list shows them',
      });
    }
    const { resumeFailing } = await import('../../../names/resume.ts');
    const resumed = await resumeFailing(context, options.all === true ? null : names);
    const next = resumed.length === 0 ? '' : ': the next renew tries them';
    context.output.result({ resumed }, () => [`${counted(resumed.length, 'name')} resumed${next}`]);
    return 0;
  });
}
