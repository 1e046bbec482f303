import { timeText } from '../../../clock.ts';
import type { ClearMethod } from '../../../clear/clear-method.ts';
import type { Cleared } from '../../../clear/clear-line.ts';
import { printable } from '../../../printable.ts';
import type { ClearSummary, ClearTally, CostSeen, GateSeen } from '../../../clear/tally.ts';
import { counted } from '../../../printable.ts';
import { shellWord } from '../../../shell-word.ts';

/* The texts of `authz clear` for a person. */

const shownNames = 10;

export function lineText(cleared: Cleared): string {
  const reason = cleared.reason === null ? '' : ` (${printable(cleared.reason)})`;
  return `${cleared.action}  ${printable(cleared.identifier ?? '?')}  ${printable(cleared.url)}${reason}`;
}

/** The names by which a person knows a line's authorization. */
export function subjectOf({ identifier, url }: Pick<Cleared, 'identifier' | 'url'>): string[] {
  return identifier === null ? [url] : [identifier, url];
}

interface End {
  gates: readonly GateSeen[];
  /** The costs that a dry run shows; null otherwise. */
  costs: readonly CostSeen[] | null;
  method: ClearMethod;
  /** How many authorizations weren't asked for any more. */
  notAsked: number;
  isInterrupted: boolean;
  /** The URLs stood in logs. */
  isFromLogs: boolean;
  /** URLs in logs of hosts that aren't asked. */
  elsewhere?: number;
  /** Challenges in logs whose authorization neither the CA nor a log told. */
  untold?: number;
}

export function endText({ summary, later, young, undated, freed }: ClearTally, end: End): string[] {
  const { gates, costs, method, elsewhere, untold } = end;
  const toClose = costs === null ? null : costs.reduce((sum, { authorizations }) => sum + authorizations, 0);
  return [
    countsText(summary, method, toClose),
    ...(costs ?? []).filter(({ requests }) => requests > 0).flatMap((cost) => costText(cost, method)),
    ...otherRunsText(summary.otherRuns),
    ...laterText(later),
    ...youngText(young),
    ...undatedText(undated),
    ...refusedText(summary.refused, method),
    ...notAskedText(end),
    ...nothingText(summary.seen, end),
    ...elsewhereText(elsewhere ?? 0),
    ...untoldText(untold ?? 0),
    ...gates.map((gate) => gateText(gate, gates)),
    ...freed.map(freedText),
  ];
}

function countsText(summary: ClearSummary, method: ClearMethod, toClose: number | null): string {
  const done =
    toClose === null
      ? `${String(summary.deactivated)} deactivated${summary.submitted > 0 ? `, ${String(summary.submitted)} submitted` : ''}`
      : `${String(toClose)} would be ${method === 'submit' ? 'submitted' : 'deactivated'}`;
  return `${String(summary.seen)} seen, ${done}, ${String(summary.pending)} still pending, ${String(summary.refused)} refused, ${String(summary.gone)} gone, ${String(summary.foreign)} of other accounts, ${String(summary.failed)} failed`;
}

function costText({ ca, requests, failedValidations, later }: CostSeen, method: ClearMethod): string[] {
  const isSubmit = method === 'submit';
  const counts = isSubmit
    ? 'each submission ends in a failed validation of its name, which counts wherever the CA counts those'
    : failedValidations === 0
      ? 'none is counted as a failed validation, as far as this CA is known'
      : 'each is counted as a failed validation of its name';
  const least = isSubmit ? 'at least ' : '';
  const shown = later
    .slice(0, shownNames)
    .map(
      ({ name, pending, now, doneAt }) =>
        `  ${name}: ${String(pending)} pending, ${String(now)} of them now, the last at ${timeText(doneAt)}`,
    );
  const rest = later.length - shown.length;
  return [
    `it costs ${least}${counted(requests, 'request')} at ${ca}; ${counts}`,
    ...(later.length === 0 ? [] : [`${counted(later.length, 'name')} would run out of them:`]),
    ...shown,
    ...(rest > 0 ? [`  and ${counted(rest, 'more name')}`] : []),
  ];
}

function otherRunsText(left: number): string[] {
  if (left === 0) return [];
  return [
    `${counted(left, 'authorization')} left to other runs, which work on them: their reports tell of them`,
  ];
}

function laterText({ count, firstAt, names }: ClearTally['later']): string[] {
  if (count === 0 || firstAt === null) return [];
  const of = names.size === 0 ? '' : ` of ${counted(names.size, 'name')}`;
  return [
    `${counted(count, 'authorization')}${of} left for later: run it again from ${timeText(firstAt)} on`,
  ];
}

function youngText({ count, until }: ClearTally['young']): string[] {
  if (count === 0 || until === null) return [];
  const one = count === 1;
  return [
    `${counted(count, 'authorization')} left alone that ${one ? 'is' : 'are'} younger than an hour, as far as is known, and that no order of this ledger made: another client may be working on ${one ? 'it' : 'them'}; acme-ledger authz clear --all closes ${one ? 'it' : 'them'} now, from ${shellWord(timeText(until))} on it does so without`,
  ];
}

function undatedText(undated: number): string[] {
  if (undated === 0) return [];
  return [
    `${counted(undated, 'URL')} without a time that can be read in the log, left alone because of --older-than: give a log that is as old as that, or leave --older-than out`,
  ];
}

function refusedText(refused: number, method: ClearMethod): string[] {
  if (refused === 0) return [];
  const way = method === 'submit' ? '' : '--method submit lets them fail, or ';
  return [`${counted(refused, 'authorization')} that the CA doesn't close: ${way}they end when they expire`];
}

function notAskedText({ notAsked, isInterrupted }: End): string[] {
  const what = isInterrupted ? 'interrupted: ' : '';
  if (notAsked > 0) return [`${what}at least ${String(notAsked)} not asked for: run it again`];
  return isInterrupted ? [`${what}there may be more: run it again`] : [];
}

/**
 * The line for logs that name nothing (a wrong file, or a client's that logs no URLs), or given orders that
 * may be past their authorizations.
 */
function nothingText(
  seen: number,
  { elsewhere, untold, notAsked, isInterrupted, isFromLogs }: End,
): string[] {
  if (seen > 0 || elsewhere === undefined || elsewhere + (untold ?? 0) + notAsked > 0 || isInterrupted)
    return [];
  return [
    isFromLogs
      ? 'the logs name no authorization, order or challenge: acme-ledger authz discover asks the CA'
      : 'what was given leads to no authorization that may be open',
  ];
}

function elsewhereText(urls: number): string[] {
  if (urls === 0) return [];
  return [`${counted(urls, 'URL')} of servers that none of these accounts is at: nothing was sent there`];
}

function untoldText(challenges: number): string[] {
  if (challenges === 0) return [];
  return [
    `${counted(challenges, 'challenge')} whose authorization the CA doesn't tell: if one is open, its order's URL finds it, or acme-ledger authz discover`,
  ];
}

function freedText(ca: string): string {
  return `${ca} had said that too many authorizations are pending, and may be asked for new orders again: acme-ledger renew`;
}

/** Where several accounts are at one CA, only their URLs tell them apart. */
function gateText(gate: GateSeen, all: readonly GateSeen[]): string {
  const isOnly = all.every((other) => other === gate || other.ca !== gate.ca);
  const account = isOnly ? gate.ca : (gate.account ?? gate.ca);
  const { pendingBefore, pendingAfter, maxPending, free, nextExpiryAt } = gate;
  const next =
    nextExpiryAt === null ? '' : `; the next of them expires by itself at ${timeText(nextExpiryAt)}`;
  return `${account}: ${String(pendingBefore)} pending before, ${String(pendingAfter)} now, ${String(free)} of ${String(maxPending)} free${next}`;
}
