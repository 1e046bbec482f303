import type { Command } from 'commander';
import { parseDuration } from '../../../duration.ts';
import type { CertificateJson } from '../../../report/certificate-json.ts';
import { certificateSorts, certificateStatuses } from '../../../report/lists/list-words.ts';
import { type ListOptions, addListOptions, listChoice } from '../../options/list-options.ts';
import { writeColumns } from '../../output/list.ts';
import type { Runner } from '../../runner.ts';
import { columns, csvColumns } from './list-text.ts';

interface Options extends ListOptions {
  due?: boolean;
  failing?: boolean;
  endsWithin?: string;
}

const words = { statuses: certificateStatuses, sorts: certificateSorts };

export function certList(cert: Command, runner: Runner): void {
  const command = cert
    .command('list')
    .description('list the certificates that should exist (of all CAs, unless --ca is given)')
    .option('--due', 'only those that are due, also when they wait for something')
    .option('--failing', 'only those whose last attempt failed')
    .option('--ends-within <DURATION>', 'only stored ones that end within this time, or have ended');
  addListOptions(command, { ...words, olderThan: 'only stored ones that began longer ago' });
  runner.bind<Options>(command, async (context, options) => {
    const { endsWithin } = options;
    const choice = {
      ...listChoice(options, words),
      due: options.due === true,
      failing: options.failing === true,
      endsWithinMs: endsWithin === undefined ? null : parseDuration(endsWithin, '--ends-within'),
    };
    const { eachCertificate } = await import('../../../report/certificates.ts');
    const { output } = context;
    const rows: CertificateJson[] = [];
    let exitCode = 0;
    await eachCertificate(context, { withFiles: output.json, choice }, (certificate, failure) => {
      if (failure !== undefined) {
        output.complain(failure);
        exitCode = 1;
      }
      if (output.json) output.line(certificate, () => '');
      else rows.push(certificate);
    });
    if (!output.json) await writeColumns(output, rows, options.csv === true ? csvColumns : columns, options);
    return exitCode;
  });
}
