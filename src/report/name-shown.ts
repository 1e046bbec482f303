import { systemClock } from '../clock.ts';
import { AcmeLedgerError, type ErrorRecord } from '../errors.ts';
import { comparableName } from '../identifiers.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { authorizationsWithName } from '../ledger/authorizations/authorization-list.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import { identifiersOf } from '../ledger/names/failing-names.ts';
import { asOfNow } from '../ledger/names/paused-names.ts';
import { standingsNow } from '../plan/standings.ts';
import { printable } from '../printable.ts';
import { accountsAtCa } from '../run/accounts/chosen-account.ts';
import type { CommandContext } from '../run/run-context.ts';
import { shellWord } from '../shell-word.ts';
import { withWanted } from '../wanted/write-configured.ts';
import { type CertificateJson, certificateJson } from './certificate-json.ts';
import { type NameJson, nameJson } from './name-json.ts';

/** How many of the newest authorizations of a name are looked at for what the CA said. */
const lookedAtMost = 20;

/** `name show --json` of docs/json.md. */
export interface NameShown {
  name: string;
  /** How the name stands on each account that it was tried on. */
  accounts: NameJson[];
  /** The certificates that want it. */
  certificates: Pick<CertificateJson, 'name' | 'status' | 'dueAt' | 'due' | 'paused'>[];
  /** What the CA said of it, the newest first. */
  failures: { authorization: number; at: Date | null; error: ErrorRecord }[];
  next: { what: string; at: Date | null; command: string | null };
}

/** All that the ledger knows of one name; no CA is asked. @throws AcmeLedgerError `not-found` */
export async function oneName(context: CommandContext, typed: string): Promise<NameShown> {
  const name = comparableName(typed);
  return withWanted(context, async (ledger) => {
    const now = systemClock.now();
    const chosen = await accountsAtCa(context, ledger);
    const authorities = new Map((await listAccounts(ledger)).map(({ id, ca }) => [id, ca]));
    const accounts = (await identifiersOf(ledger, [name]))
      .filter(({ account_id: id }) => chosen === null || chosen.includes(id))
      .map((row) => nameJson(asOfNow(row, now), authorities.get(row.account_id) ?? ''));
    const standings = await standingsNow(context, ledger);
    const certificates = (await listCertificates(ledger))
      .filter(({ names }) => names.includes(name))
      .map((row) => certificateJson(row, null, standings.get(row.name), context.settings.solvers))
      .map(({ name: own, status, dueAt, due, paused }) => ({ name: own, status, dueAt, due, paused }));
    const tried = await authorizationsWithName(ledger, name, lookedAtMost);
    if (accounts.length + certificates.length + tried.length === 0) throw unknownName(typed);
    return {
      name,
      accounts,
      certificates,
      failures: tried.flatMap(({ id, checked_at: at, error }) =>
        error === null ? [] : [{ authorization: id, at, error }],
      ),
      next: nextOf(name, accounts, { probes: context.settings.probe.everyMs !== null }),
    };
  });
}

function unknownName(typed: string): AcmeLedgerError {
  return new AcmeLedgerError('not-found', `the ledger knows nothing of the name ${printable(typed)}`, {
    hint: 'acme-ledger name list shows the names that fail, acme-ledger cert list the certificates',
  });
}

/** What comes next for a name, when, and what a person may type: by the account on which it stands worst. */
function nextOf(
  name: string,
  accounts: readonly NameJson[],
  { probes }: { probes: boolean },
): NameShown['next'] {
  const resume = `acme-ledger name resume ${shellWord(printable(name))}`;
  const suspended = accounts.find(({ status }) => status === 'suspended');
  const unpauseUrl = suspended?.unpauseUrl ?? null;
  if (suspended !== undefined && unpauseUrl !== null) {
    const { nextAttemptAt } = suspended;
    const what = `the CA has paused it: open ${unpauseUrl} to end that, then resume it`;
    return { what, at: nextAttemptAt, command: resume };
  }
  if (suspended !== undefined) {
    const isSeen = probes && suspended.isProbed;
    const what = isSeen
      ? 'no order names it until a probe of renew finds it mended, or somebody resumes it'
      : 'no order names it until somebody mends and resumes it';
    return { what, at: isSeen ? suspended.probeAt : null, command: resume };
  }
  const waiting = accounts
    .filter(({ nextAttemptAt }) => nextAttemptAt !== null)
    .sort((one, other) => Number(other.nextAttemptAt) - Number(one.nextAttemptAt))[0];
  if (waiting !== undefined)
    return {
      what: 'it is left alone until then; resumed, the next renew tries it',
      at: waiting.nextAttemptAt,
      command: resume,
    };
  const isFailing = accounts.some(({ status }) => status === 'failing');
  if (isFailing) return { what: 'the next renew tries it', at: null, command: 'acme-ledger renew' };
  return { what: 'nothing keeps it from being ordered', at: null, command: null };
}
