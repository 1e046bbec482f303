import type { Command } from 'commander';
import { dueCell, endCell } from './list-text.ts';
import { shortened } from '../../output/wording.ts';
import type { Runner } from '../../runner.ts';

export function certList(cert: Command, runner: Runner): void {
  const command = cert.command('list').description('list the certificates that should exist');
  runner.bind(command, async (context) => {
    const { eachCertificate } = await import('../../../report/certificates.ts');
    const { output } = context;
    const rows: string[][] = [];
    let exitCode = 0;
    await eachCertificate(context, { withFiles: output.json }, (certificate, failure) => {
      if (failure !== undefined) {
        output.complain(failure);
        exitCode = 1;
      }
      const { name, names, lastError } = certificate;
      if (output.json) output.line(certificate, () => '');
      else
        rows.push([
          name,
          String(names.length),
          endCell(certificate),
          dueCell(certificate),
          shortened(lastError?.message ?? ''),
        ]);
    });
    if (rows.length > 0) await output.table(['NAME', 'NAMES', 'NOT AFTER', 'DUE', 'LAST ERROR'], rows);
    return exitCode;
  });
}
