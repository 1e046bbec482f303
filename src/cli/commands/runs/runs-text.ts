import { printable } from '../../../printable.ts';
import type { RunJson, RunShown } from '../../../run/recorded-runs.ts';
import { shellWords } from '../../../shell-word.ts';
import { durationText } from '../../output/wording.ts';

export function tookText({ startedAt, endedAt }: RunJson): string {
  if (endedAt === null) return '';
  return durationText(Math.max(0, Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)));
}

export function endingText({ status, exitCode }: RunJson): string {
  if (status === 'ended') return exitCode === null ? 'ended' : `exit ${String(exitCode)}`;
  return status;
}

/** The counts that aren't zero: `3 due, 2 renewed, 1 failed`. */
export function countsText({ counts }: RunJson): string {
  return Object.entries(counts ?? {})
    .filter(([, count]) => count > 0)
    .map(
      ([what, count]) => `${String(count)} ${what.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`,
    )
    .join(', ');
}

export function reasonsText({ reasons }: RunJson): string[] {
  return reasons.map(({ code, message, count }) => {
    const times = count === 1 ? '' : `${String(count)} times `;
    return `${times}${code}: ${printable(message)}`;
  });
}

/** A run, for a person. */
export function runText(run: RunShown): string[] {
  return [
    `run ${run.id.slice(0, 8)}: ${run.command}, ${endingText(run)}`,
    `  started  ${run.startedAt} on ${run.host}, process ${String(run.pid)}`,
    ...(run.endedAt === null ? [] : [`  ended    ${run.endedAt}`]),
    ...(run.arguments.length === 0 ? [] : [`  typed    acme-ledger ${shellWords(run.arguments)}`]),
    ...(run.counts === null ? [] : [`  counts   ${countsText(run)}`]),
    ...reasonsText(run).map((reason) => `  because  ${reason}`),
    ...run.outcomes.map(
      ({ at, kind, certificate, error }) =>
        `  ${at}  ${kind}  ${certificate ?? ''}${error === null ? '' : `: ${printable(error.message)}`}`,
    ),
  ];
}
