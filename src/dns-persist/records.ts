import { join } from 'node:path';
import { type Authority, authorityOf } from '../acme/authorities/authorities.ts';
import { lastDirectory } from '../acme/directory-cache.ts';
import { persistRecordName, persistRecordText } from '../challenges/persist/record-text.ts';
import { timeText } from '../clock.ts';
import { AcmeLedgerError } from '../errors.ts';
import { parseNames } from '../identifiers.ts';
import { accountAt } from '../ledger/accounts.ts';
import { printable } from '../printable.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';

/** What a record is to say beside its name. */
export interface RecordsWanted {
  /** Also for wildcards and names below, where no wildcard is among the names. */
  isForWildcards: boolean;
  endsAt: Date | null;
  /** The name of the CA in the record; null: as its directory says. */
  issuer: string | null;
}

/** A line of `dns-persist record --json`. */
export interface RecordToSet {
  /** The name of the record, with the root's dot. */
  record: string;
  type: 'TXT';
  value: string;
  /** The name that it proves, and whether wildcards and names below, too. */
  name: string;
  wildcard: boolean;
  ca: string;
  account: string;
  endsAt: string | null;
}

/**
 * The records by which the account proves these names, one for a name and its wildcard. No CA is asked.
 * @throws AcmeLedgerError `bad-name`; `usage` for an IP address, or where nothing says how the CA is named; `not-found` without an account
 */
export async function recordsToSet(
  context: CommandContext,
  names: readonly string[],
  wanted: RecordsWanted,
): Promise<RecordToSet[]> {
  const identifiers = parseNames(names);
  const ip = identifiers.find(({ type }) => type === 'ip');
  if (ip !== undefined) {
    throw new AcmeLedgerError('usage', `the IP address ${ip.value} can't be proven with dns-persist-01`, {
      hint: 'use http-01 for it',
    });
  }
  const authority = authorityOf(context.settings.ca);
  const account = await accountUrlAt(context, authority);
  const issuer = wanted.issuer ?? (await issuerOf(context, authority));
  const bases = new Map<string, boolean>();
  for (const { value } of identifiers) {
    const base = value.replace(/^\*\./, '');
    const isWildcard = wanted.isForWildcards || value !== base;
    bases.set(base, isWildcard || bases.get(base) === true);
  }
  return [...bases].map(([name, wildcard]) => ({
    record: persistRecordName(name),
    type: 'TXT',
    value: persistRecordText({
      issuer,
      accountUri: account,
      isForWildcards: wildcard,
      endsAt: wanted.endsAt,
    }),
    name,
    wildcard,
    ca: authority.directoryUrl,
    account,
    endsAt: wanted.endsAt === null ? null : timeText(wanted.endsAt),
  }));
}

async function accountUrlAt({ settings }: CommandContext, authority: Authority): Promise<string> {
  const row = await withLedger(settings, (ledger) => accountAt(ledger, authority.directoryUrl));
  if (row?.url !== undefined && row.url !== null) return row.url;
  throw new AcmeLedgerError(
    'not-found',
    `the record names the account at ${authority.label}, and the ledger has none there`,
    { hint: 'acme-ledger account register makes one; its URL stays when its key is changed' },
  );
}

/** draft-ietf-acme-dns-persist, "Pre-Provisioning Records": the directory's CAA identities are the hint. */
async function issuerOf({ settings }: CommandContext, authority: Authority): Promise<string> {
  const directory = await lastDirectory(join(settings.stateDir, 'cache'), authority.directoryUrl);
  const [issuer] = directory?.meta.caaIdentities ?? [];
  const known = issuer ?? authority.caaIdentities[0];
  if (known !== undefined) return printable(known.toLowerCase());
  throw new AcmeLedgerError('usage', `nothing says by which name ${authority.label} is known in records`, {
    hint: "give it with --issuer NAME: the CA's certification practice statement has it (issuer domain name)",
  });
}
