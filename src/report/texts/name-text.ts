import { counted, printable } from '../../printable.ts';
import { minuteOf } from '../due-text.ts';
import type { NameShown } from '../name-shown.ts';
import { nextStep } from '../next-step.ts';

/** A name, for a person. */
export function nameText({ name, accounts, certificates, failures, next }: NameShown): string[] {
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
