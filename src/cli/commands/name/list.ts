import type { Command } from 'commander';
import type { NameJson } from '../../../report/name-json.ts';
import { shellWord } from '../../../shell-word.ts';
import { writeList } from '../../output/list.ts';
import { shortened } from '../../output/wording.ts';
import type { Runner } from '../../runner.ts';

export function nameList(name: Command, runner: Runner): void {
  const command = name
    .command('list')
    .description('list the names that fail, why, and when they are tried again')
    .option('--suspended', 'only those that no order names until they are mended or resumed');
  runner.bind<{ suspended?: boolean }>(command, async (context, options) => {
    const { namesThatFail } = await import('../../../report/failing-names.ts');
    const names = await namesThatFail(context, { onlySuspended: options.suspended === true });
    const head = ['NAME', 'STATUS', 'FAILURES', 'SINCE', 'NEXT ATTEMPT', 'ERROR'];
    await writeList(context.output, names, head, (each) => [
      each.name,
      each.status,
      String(each.failures),
      each.failingSince?.slice(0, 19) ?? '',
      attemptText(each, context.settings.probe.everyMs !== null),
      errorText(each),
    ]);
    return 0;
  });
}

/** When an order holds the name again. */
function attemptText({ status, isProbed, nextAttemptAt, unpauseUrl }: NameJson, probes: boolean): string {
  if (status === 'suspended' && unpauseUrl === null)
    return probes && isProbed ? 'when mended' : 'when resumed';
  return nextAttemptAt?.slice(0, 19) ?? 'now';
}

function errorText({ name, unpauseUrl, error }: NameJson): string {
  return unpauseUrl === null
    ? shortened(error?.message ?? '')
    : `paused by the CA; open ${unpauseUrl}, then: acme-ledger name resume ${shellWord(name)}`;
}
