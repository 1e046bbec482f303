import { timeText } from '../../clock.ts';
import type { IssueForeseen } from '../../issue/dry-run.ts';
import type { IssueReport } from '../../issue/issue.ts';
import type { CommandContext } from '../../run/run-context.ts';
import { counted } from '../../printable.ts';
import { staysPausedText, staysWantedText } from '../../report/stays-wanted.ts';
import { spendLine } from '../../report/limit-line.ts';

/** Shows the result of `issue`. @returns the exit code */
export function showReport({ output, record }: CommandContext, report: IssueReport): number {
  output.result(report.json, () => issueText(report));
  const { status, error } = report.json;
  record.outcome({ name: report.certificateName, status, error });
  record.sum({ [status]: 1 }, `1 ${status}`);
  if (error !== null) output.repeat(error);
  for (const line of standingText(report)) output.conclude(line);
  return report.exitCode;
}

/** The result of `issue`, for a person. */
function issueText({ certificateName: name, isOrdered, leftOutText, json }: IssueReport): string[] {
  const { status, certificate } = json;
  if (certificate === null) return [`${name}: ${status}`];
  const state = isOrdered ? 'issued' : 'stands and is not due (--force issues all the same)';
  const { fullchain, privkey } = certificate.paths;
  return [
    `${name}: ${state}, valid until ${timeText(certificate.notAfter)}`,
    `  certificate  ${fullchain}`,
    ...(leftOutText === null ? [] : [`  without      ${leftOutText}; acme-ledger name list says why`]),
    ...(privkey === null ? [] : [`  private key  ${privkey}`]),
  ];
}

/** What `renew` makes of the certificate from now on, where a person may not expect it. */
function standingText({ certificateName: name, json }: IssueReport): string[] {
  const { staysWanted, paused } = json;
  if (staysWanted === true) return [staysWantedText(name, paused ?? null)];
  return paused === undefined ? [] : [staysPausedText(name, paused)];
}

/** The result of `issue --dry-run`, for a person. */
export function foreseenText({ foreseen, plan, names, changes, proofLines }: IssueForeseen): string[] {
  const { wanted, authority, staging } = plan;
  const { resumesOrder, cost, gate, limits, leftOut = [], deferral, inSpiteOf = null, error } = foreseen;
  if (foreseen.stands)
    return [
      `${wanted.name}: stands and is not due: nothing would be ordered (--force orders all the same)`,
      ...changes.map((change) => `  changes ${change}`),
    ];
  if (error !== null)
    return [
      `${wanted.name}: would fail (1): ${error.message}`,
      ...(error.hint === null ? [] : [`  ${error.hint}`]),
    ];
  return [
    `${wanted.name}: would be ordered from ${authority.label} for ${names.join(' ')}`,
    ...(leftOut.length === 0
      ? []
      : [`  without ${leftOut.join(' ')}, which failed: acme-ledger name list says why`]),
    ...changes.map((change) => `  changes ${change}`),
    ...proofLines.map((line) => `  proves ${line}`),
    resumesOrder
      ? '  takes up the order that an earlier attempt left: no new order'
      : `  costs 1 new order and opens up to ${counted(cost.authorizations, 'authorization')}`,
    `  the gate: ${String(gate.open)} of ${String(gate.maxPending)} open, ${gate.admits ? 'it would be let through' : 'it would be refused (75)'}`,
    ...(staging === null ? [] : [`  first rehearsed at ${staging.label}, unless that was done within a day`]),
    ...limits.map((limit) => `  ${spendLine(limit.spends, limit)}`),
    ...(deferral === null
      ? []
      : [
          `  it would be ${deferral.code === 'order-rule' ? 'refused (2)' : 'deferred (75)'}: ${deferral.message}`,
        ]),
    ...(inSpiteOf === null
      ? []
      : [
          `  the CA would be asked once in spite of this: ${inSpiteOf.message}`,
          '  if it refuses again, all runs on this ledger wait for as long as it says then',
        ]),
  ];
}
