import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AcmeLedgerError } from '../errors.ts';
import { distrustOf, trustUser } from '../system/file-trust.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';

/** The place of the state, and whether root may work in another user's. */
export interface StatePlace {
  /** Null for a ledger that is in no file of this machine. */
  ledgerFile: string | null;
  stateDir: string;
  asOtherUser: boolean;
}

/**
 * Keeps root out of another user's state directory: the ledger names the hooks that are run, and whoever may
 * write there can also lead what root writes elsewhere. With `--as-other-user` that user's hooks are obeyed
 * from now on (docs/decisions.md#state-directories-of-other-users).
 * @param user the effective user id; undefined where the system has none
 * @throws AcmeLedgerError `state-dir`
 */
export function assertOwnState(place: StatePlace, user = process.geteuid?.()): void {
  if (user !== 0) return;
  const owner = strangerIn(place);
  if (place.asOtherUser) {
    if (owner !== null) trustUser(owner);
    return;
  }
  if (owner !== null) throw strangersState(place, owner);
  const { stateDir, ledgerFile } = place;
  const isElsewhere = ledgerFile !== null && dirname(ledgerFile) !== stateDir;
  for (const path of isElsewhere ? [stateDir, ledgerFile] : [stateDir]) {
    const distrust = distrustOf(dirname(path)) ?? distrustOf(dirname(leadsTo(path)));
    if (distrust === null) continue;
    throw new AcmeLedgerError('state-dir', `the directory of ${printable(path)} ${distrust.reason}`, {
      hint: `${distrust.hint}; --as-other-user works there all the same`,
    });
  }
}

/**
 * A warning for root before it writes into the state directory of another user, who can't replace what root
 * makes there: each renewal would fail at the store until the certificate has ended.
 * @returns null when nothing is wrong, or there is no ledger yet
 */
export function otherOwner(
  place: StatePlace,
  user = process.geteuid?.(),
): { message: string; hint: string } | null {
  if (user !== 0) return null;
  const owner = strangerIn(place);
  if (owner === null) return null;
  const directory = printable(place.stateDir);
  return {
    message: `${directory} belongs to user ${String(owner)}, and this is root: what root writes there that user can't renew`,
    hint: `${asThatUser(owner)}; chown -R ${String(owner)} ${shellWord(directory)} mends what is there`,
  };
}

/** The first user who isn't root of those to whom the state belongs. */
function strangerIn({ ledgerFile, stateDir }: StatePlace): number | null {
  const paths = [...(ledgerFile === null ? [] : [ledgerFile, dirname(ledgerFile)]), stateDir];
  const owners = paths.flatMap((path) => [ownerBy(lstatSync, path), ownerBy(statSync, path)]);
  return owners.find((owner) => owner !== null && owner !== 0) ?? null;
}

/**
 * The owner of a path; null where nothing is there, or it can't be looked at: that is reported when it is
 * used.
 */
function ownerBy(look: (path: string) => { uid: number }, path: string): number | null {
  try {
    return look(path).uid;
  } catch {
    return null;
  }
}

function leadsTo(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // there is nothing yet
  }
}

function strangersState({ stateDir }: StatePlace, owner: number): AcmeLedgerError {
  const directory = printable(stateDir);
  return new AcmeLedgerError(
    'state-dir',
    `the state directory ${directory} belongs to user ${String(owner)}, whose hooks root would run`,
    {
      hint: `${asThatUser(owner)}; chown -R root ${shellWord(directory)} takes it over; --as-other-user lets root work in it`,
    },
  );
}

function asThatUser(owner: number): string {
  return `run it as that user (sudo -u '#${String(owner)}' acme-ledger …)`;
}
