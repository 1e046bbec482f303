import type { Authorization, Challenge } from '../../acme/objects/resources.ts';
import { answersNothing, type SolverSettings, type WayOf } from '../../challenges/settings.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import { isSubmitted } from '../../ledger/states.ts';
import { authorizationError } from '../authorization/authorization-seen.ts';

/** One authorization of the order that still has to be proven. */
export interface Task {
  row: AuthorizationRow;
  authorization: Authorization;
  challenge: Challenge & { token: string };
  /** How its answer is put up. */
  settings: SolverSettings;
}

/** A name that can't be proven in this attempt. */
export type Failure = { row: AuthorizationRow; error: AcmeLedgerError };

/** The names of an order, and how each is proven. */
export interface ProvenNames {
  names: readonly string[];
  wayOf: WayOf;
}

export interface SortedAuthorizations {
  tasks: Task[];
  failures: Failure[];
  /** Authorizations that the CA wants proven, and whose names are to be proven beforehand. */
  unanswered: AuthorizationRow[];
}

/**
 * Sorts the authorizations that still have to be proven from those that can't be. An authorization is matched
 * by its URL and carries its own name, whatever its place in the list.
 */
export function sortOut(
  rows: readonly AuthorizationRow[],
  authorizations: readonly Authorization[],
  proven: ProvenNames,
): SortedAuthorizations {
  const byUrl = new Map(rows.map((row) => [row.url, row]));
  const tasks: Task[] = [];
  const failures: Failure[] = [];
  const unanswered: AuthorizationRow[] = [];
  for (const authorization of authorizations) {
    const row = byUrl.get(authorization.url);
    if (row === undefined) continue;
    const error = authorizationError(authorization);
    if (error !== null) failures.push({ row: named(row, authorization), error });
    if (authorization.status !== 'pending' || isSubmitted(row.challenge)) continue;
    const settings = settingsFor(authorization, proven);
    if (answersNothing(settings)) {
      unanswered.push(row);
      failures.push({ row: named(row, authorization), error: askedAllTheSame(authorization, settings) });
      continue;
    }
    const challenge = challengeOf(authorization, settings);
    const token = challenge === undefined ? null : tokenOf(challenge);
    if (challenge === undefined || token === null) {
      const error = (challenge === undefined ? notOffered : tokenUnusable)(authorization, settings.challenge);
      failures.push({ row: named(row, authorization), error });
    } else {
      tasks.push({
        row: named(row, authorization),
        authorization,
        challenge: { ...challenge, token },
        settings,
      });
    }
  }
  return { tasks, failures, unanswered };
}

/** The token of the challenge; empty for a challenge that has none. */
function tokenOf({ type, token }: Challenge): string | null {
  return type === 'dns-persist-01' ? '' : token;
}

/**
 * The settings of the name that an authorization is for. Not every CA says that one is for a wildcard; where the
 * order has the base name too, the challenges that the CA offers tell.
 */
function settingsFor(authorization: Authorization, { names, wayOf }: ProvenNames): SolverSettings {
  const { identifier, wildcard } = authorization;
  const base = identifier.value;
  const possible = [base, `*.${base}`].filter((name) => names.includes(name));
  const [first = base, ...others] = wildcard ? possible.toReversed() : possible;
  const offered = wildcard ? undefined : others.find((name) => challengeOf(authorization, wayOf(name)));
  const usual = wayOf(first);
  return offered !== undefined && challengeOf(authorization, usual) === undefined ? wayOf(offered) : usual;
}

function challengeOf({ challenges }: Authorization, settings: SolverSettings): Challenge | undefined {
  return challenges.find(({ type }) => type === settings.challenge);
}

/** The row with the identifier that the CA just told: newOrder's answer has only URLs. */
export function named(row: AuthorizationRow, { identifier, wildcard }: Authorization): AuthorizationRow {
  return {
    ...row,
    identifier_type: identifier.type,
    identifier: identifier.value,
    wildcard,
  };
}

function tokenUnusable({ identifier }: Authorization, type: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `${identifier.value}: the token that the CA gave for ${type} isn't base64url (RFC 8555 §8.1), so nothing is put up for it`,
    { hint: 'report it to the CA; -v shows what it answered' },
  );
}

function askedAllTheSame(
  { identifier, wildcard }: Authorization,
  { solver }: SolverSettings,
): AcmeLedgerError {
  const name = wildcard ? `*.${identifier.value}` : identifier.value;
  return new AcmeLedgerError(
    'solver',
    `${name}: the CA wants it proven, and with the solver ${solver} it is to be valid there beforehand; its authorization is deactivated`,
    { hint: 'validate the name at the CA first, or choose another --solver; nothing was put up' },
  );
}

function notOffered({ identifier, wildcard, challenges }: Authorization, type: string): AcmeLedgerError {
  const name = wildcard ? `*.${identifier.value}` : identifier.value;
  const offered = challenges.map((challenge) => challenge.type).join(', ');
  return new AcmeLedgerError(
    'solver',
    `${name}: the CA doesn't offer ${type}, only ${offered === '' ? 'nothing' : offered}`,
    {
      hint: 'choose another --challenge',
    },
  );
}
