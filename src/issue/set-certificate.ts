import type { CertificateOptions } from '../settings/certificate-fields.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type Written, assertSomethingTyped, setWanted } from '../wanted/add.ts';
import type { IssueReport } from './issue.ts';
import { runIssue } from './run-issue.ts';

/**
 * `cert set`: changes what is wanted of a certificate that exists.
 * @param options.now it is issued at once, where the change needs another certificate
 * @throws AcmeLedgerError with exit code 2 for anything that a person can have got wrong
 */
export async function setCertificate(
  context: CommandContext,
  name: string,
  { now, ...options }: CertificateOptions & { now?: boolean },
): Promise<{ written: Written } | { report: IssueReport }> {
  if (now !== true) return { written: await setWanted(context, name, options) };
  assertSomethingTyped(context, options);
  return { report: await runIssue(context, [], { ...options, certName: name }) };
}
