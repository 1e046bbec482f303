import type { Command } from 'commander';
import { counted, printable } from '../../../printable.ts';
import { minuteOf } from '../../../report/due-text.ts';
import type { NameShown } from '../../../report/name-shown.ts';
import { nextStep } from '../../../report/next-step.ts';
import type { Runner } from '../../runner.ts';

export function nameShow(name: Command, runner: Runner): void {
  const command = name
    .command('show')
    .description(
      'show one name: its failures, what the CA said, which certificates want it, and what comes next',
    )
    .argument('<NAME>', 'as it is typed: a wildcard and unicode, too');
  runner.bind(command, async (context, _options, [typed = '']) => {
    const { oneName } = await import('../../../report/name-shown.ts');
    context.output.result(await oneName(context, typed), textOf);
    return 0;
  });
}

function textOf({ name, accounts, certificates, failures, next }: NameShown): string[] {
  return [
    name,
    ...accounts.flatMap(accountText),
    ...failures.map(
      ({ authorization, at, error }) =>
        `  the CA said   ${minuteOf(at)} ${printable(error.message)} (acme-ledger authz show ${String(authorization)})`,
    ),
    ...certificates.map(
      (certificate) =>
        `  certificate   ${printable(certificate.name)}: ${certificate.status}; ${nextStep(certificate).what}`,
    ),
    `  next          ${next.at === null ? '' : `${minuteOf(next.at)}: `}${next.what}`,
    ...(next.command === null ? [] : [`  type          ${next.command}`]),
  ];
}

function accountText(shown: NameShown['accounts'][number]): string[] {
  const { ca, status, failures, failingSince, suspendedAt, lastFailureAt, lastSuccessAt, error, probeError } =
    shown;
  const since = failingSince === null ? '' : ` since ${minuteOf(failingSince)}`;
  return [
    `  ca            ${ca}`,
    `  status        ${status}${status === 'well' ? '' : `, ${counted(failures, 'failure')} in a row${since}`}`,
    ...(suspendedAt === null ? [] : [`  suspended     ${minuteOf(suspendedAt)}`]),
    ...(lastSuccessAt === null ? [] : [`  last proven   ${minuteOf(lastSuccessAt)}`]),
    ...(error === null ? [] : [`  last failure  ${minuteOf(lastFailureAt)} ${printable(error.message)}`]),
    ...(probeError === null ? [] : [`  last probe    ${printable(probeError.message)}`]),
  ];
}
