import type { Command } from 'commander';
import type { CertificateJson } from '../../../report/certificate-json.ts';
import { complain } from '../../output/output.ts';
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
        complain(failure);
        exitCode = 1;
      }
      const { name, names, lastError } = certificate;
      if (output.json) output.line(certificate, () => '');
      else
        rows.push([
          name,
          String(names.length),
          endText(certificate),
          dueText(certificate),
          shortened(lastError?.message ?? ''),
        ]);
    });
    if (rows.length > 0) await output.table(['NAME', 'NAMES', 'NOT AFTER', 'DUE', 'LAST ERROR'], rows);
    return exitCode;
  });
}

function endText({ notAfter, revokedAt }: CertificateJson): string {
  if (notAfter === null) return 'not issued';
  return revokedAt === null ? notAfter.slice(0, 19) : `revoked ${revokedAt.slice(0, 19)}`;
}

function dueText({ dueAt, paused }: CertificateJson): string {
  if (paused === null) return dueAt?.slice(0, 19) ?? 'now';
  return paused.until === null ? 'paused' : `paused until ${paused.until.slice(0, 19)}`;
}
