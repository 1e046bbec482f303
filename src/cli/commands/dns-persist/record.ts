import type { Command } from 'commander';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { parseMoment } from '../../options/moment.ts';
import type { Runner } from '../../runner.ts';

interface Options {
  until?: string;
  wildcard?: boolean;
  issuer?: string;
}

/** A TXT record's strings have 255 characters at most (RFC 1035 §3.3). */
const longestString = 255;

export function dnsPersistRecord(dnsPersist: Command, runner: Runner): void {
  const command = dnsPersist
    .command('record')
    .description('print the TXT records to set once, by which the account proves names with dns-persist-01')
    .argument('<NAME...>', 'names, a wildcard among them')
    .option('--wildcard', 'for wildcards and all names below, too')
    .option('--until <WHEN>', 'no validation after it: a time, a date, or a duration from now')
    .option('--issuer <NAME>', "the CA's name in the record (default: as its directory says)");
  runner.bind<Options>(command, async (context, { until, wildcard, issuer }, names) => {
    if (issuer !== undefined && !/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(issuer)) {
      throw new AcmeLedgerError('usage', `--issuer "${printable(issuer)}" isn't a domain name`, {
        hint: 'as in --issuer letsencrypt.org',
      });
    }
    const { recordsToSet } = await import('../../../dns-persist/records.ts');
    const records = await recordsToSet(context, names, {
      isForWildcards: wildcard === true,
      endsAt: until === undefined ? null : parseMoment(until, '--until', new Date()),
      issuer: issuer?.toLowerCase() ?? null,
    });
    for (const record of records)
      context.output.line(record, ({ record: name, value }) => `${name} IN TXT ${stringsOf(value)}`);
    return 0;
  });
}

function stringsOf(value: string): string {
  const strings: string[] = [];
  for (let at = 0; at < value.length; at += longestString)
    strings.push(`"${value.slice(at, at + longestString)}"`);
  return strings.join(' ');
}
