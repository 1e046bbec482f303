import { timeText } from '../clock.ts';
import { unpauseUrl } from '../ca-pause.ts';
import { parseName } from '../identifiers.ts';
import { heldError, holdAmong } from '../issuance/limits/holds.ts';
import { shortageError } from '../issuance/limits/limit-words.ts';
import { shellWord } from '../shell-word.ts';
import { type Found, found } from './finding.ts';
import type { AccountFacts, NameCost } from './ledger-facts.ts';

/** What the ledger says of an order with the name: its failures, and the CA's limits. Nothing is asked. */
export function checkBudget(name: string, facts: AccountFacts, cost: NameCost, now: Date): Found[] {
  return [...standing(name, facts), ...limits(name, facts, cost, now)];
}

function standing(name: string, { failing }: AccountFacts): Found[] {
  const row = failing.get(name);
  if (row === undefined) return [];
  const page = row.last_error === null ? null : unpauseUrl(row.last_error.problem);
  const resume = `acme-ledger name resume ${shellWord(name)}`;
  if (row.suspended_at !== null && page !== null)
    return [
      found('name-paused', `the CA has paused ${name}: ${page}`, {
        mend: `open the page, then ${resume}`,
      }),
    ];
  const since = row.failing_since === null ? '' : ` since ${timeText(row.failing_since)}`;
  const why = row.last_error === null ? '' : `: ${row.last_error.message}`;
  if (row.suspended_at !== null)
    return [
      found('name-suspended', `${name} has been failing${since}, and no order names it${why}`, {
        mend: `mend what the other findings say, then ${resume}`,
      }),
    ];
  const next = row.next_attempt_at === null ? '' : `, and is tried again at ${timeText(row.next_attempt_at)}`;
  return [
    found(
      'name-failing',
      `${name} failed ${String(row.consecutive_failures)} times in a row${since}${next}${why}`,
      { mend: `acme-ledger name show ${shellWord(name)}` },
    ),
  ];
}

function limits(name: string, { holds }: AccountFacts, { shortage, used }: NameCost, now: Date): Found[] {
  const hold = holdAmong(holds, { kind: 'newOrder', identifiers: [parseName(name)] }, { now });
  if (hold !== null) return [found('limit-reached', heldError(hold).message)];
  if (shortage !== null) return [found('limit-reached', shortageError(shortage, now).message)];
  return used.length === 0 ? [] : [found('limit-left', used.join(', '))];
}
