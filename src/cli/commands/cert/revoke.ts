import type { Command } from 'commander';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { staysPausedText } from '../../../report/stays-wanted.ts';
import { shellWord } from '../../../shell-word.ts';
import type { Revoked } from '../../../wanted/revoke.ts';
import type { Runner } from '../../runner.ts';

/** Reasons of RFC 5280 §5.3.1 that CAs of the public web take from a subscriber (BR §7.2.2). */
const reasons = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;

/** What was done, what comes of it, and how to end that. */
function revokedText({ name: given, outcome, replacedByRenew, paused }: Revoked): string[] {
  const name = printable(given);
  if (paused !== null) return [`${name}: ${outcome}`, `  ${staysPausedText(name, paused)}`];
  if (!replacedByRenew) return [`${name}: ${outcome}; what is stored now is another certificate`];
  return [
    `${name}: ${outcome}; the next acme-ledger renew replaces it`,
    `  acme-ledger cert remove ${shellWord(name)} ends that; acme-ledger cert pause ${shellWord(name)} puts it off`,
  ];
}

export function certRevoke(cert: Command, runner: Runner): void {
  const command = cert
    .command('revoke')
    .description('revoke a certificate at its CA; the next renew replaces it')
    .argument('<NAME>', 'its name')
    .option('--reason <REASON>', Object.keys(reasons).join(', '), 'unspecified');
  runner.bind<{ reason: string }>(command, async (context, options, [name = '']) => {
    const reason = Object.entries(reasons).find(([known]) => known === options.reason)?.[1];
    if (reason === undefined) {
      throw new AcmeLedgerError('usage', `--reason "${printable(options.reason)}" isn't there`, {
        hint: `there is: ${Object.keys(reasons).join(', ')}`,
      });
    }
    const { revokeWanted } = await import('../../../wanted/revoke.ts');
    const revoked = await revokeWanted(context, name, reason);
    context.output.result(revoked, () => revokedText(revoked));
    return 0;
  });
}
