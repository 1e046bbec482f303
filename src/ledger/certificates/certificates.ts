import { chunksOf } from '../chunks.ts';
import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import { resumeNames } from '../names/failing-names.ts';
import type { Ledger } from '../ledger.ts';
import type { CertificateRow } from '../schema.ts';
import { hasNames, ifReadable } from './wanted-row.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** A certificate as a person wants it, and as the next renewal repeats it. */
export interface WantedCertificate {
  name: string;
  ca: string;
  names: readonly string[];
  keyType: string;
  reuseKey: boolean;
  profile: string | null;
  preferredChain: string | null;
  /** Solver settings: plain data, no secrets. */
  settings: object;
  csr: Buffer | null;
  deployHook: string | null;
}

/**
 * Writes down what is wanted, in place of what was wanted by that name; the stored certificate stays known. A
 * stored certificate that isn't of the wanted kind any more loses its order: it is due, also for a later run
 * when this run's attempt fails.
 */
export async function recordWanted(
  writer: LedgerWriter,
  wanted: WantedCertificate,
  accountId: number | null,
): Promise<CertificateRow> {
  return inTransaction(writer, async (tx) => {
    const before = await certificateByName(tx.ledger, wanted.name);
    const isOther = before !== undefined && !isWanted(before, wanted);
    const origin = originAfter(before, wanted);
    const values = { ...wantedValues(wanted), origin, account_id: accountId, last_attempt_at: instant(tx) };
    await resumeIfMended(tx, before, wanted);
    return tx.ledger
      .insertInto('certificates')
      .values({ ...values, name: wanted.name, created_at: instant(tx) })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ ...values, ...(isOther ? { order_id: null } : {}) }),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}

/** A certificate that an import wants stays wanted by it when a command changes it. */
export function originAfter(
  before: CertificateRow | undefined,
  wanted: WantedCertificate,
): CertificateRow['origin'] {
  if (before?.removed_at !== null) return 'command';
  return before.origin === 'import' || isWantedAlike(before, wanted) ? before.origin : 'command';
}

/** Whether names of this row are wanted proven with other settings. */
export function isMended(before: CertificateRow | undefined, wanted: WantedCertificate): boolean {
  return before !== undefined && before.account_id !== null && !says(before, 'settings', wanted.settings);
}

/**
 * A person who changes how names are proven has looked at the names: those that failed may be tried again.
 */
export async function resumeIfMended(
  tx: LedgerWriter,
  before: CertificateRow | undefined,
  wanted: WantedCertificate,
): Promise<void> {
  if (!isMended(before, wanted)) return;
  // On every account, those at a staging CA included.
  const accounts = await tx.ledger.selectFrom('accounts').select('id').execute();
  for (const { id } of accounts) await resumeNames(tx, id, wanted.names);
}

/**
 * Whether a certificate of this row is of the kind that is wanted; how it is proven and deployed doesn't
 * matter.
 */
export function isWanted(row: CertificateRow, wanted: WantedCertificate): boolean {
  return row.removed_at === null && isSameKind(row, wanted);
}

/** Like `isWanted`, also for a certificate that was removed. */
export function isSameKind(row: CertificateRow, wanted: WantedCertificate): boolean {
  return (
    row.ca === wanted.ca &&
    hasNames(row, wanted.names) &&
    row.key_type === wanted.keyType &&
    row.profile === (wanted.profile ?? '') &&
    row.preferred_chain === wanted.preferredChain &&
    row.csr === csrValue(wanted)
  );
}

/** Whether the row says exactly what is wanted, proof and deployment included. */
export function isWantedAlike(row: CertificateRow, wanted: WantedCertificate): boolean {
  const values = Object.entries(wantedValues(wanted)) as [keyof CertificateRow, unknown][];
  return values.every(([column, value]) => says(row, column, value));
}

/** The columns that say what is wanted. */
export function wantedValues(wanted: WantedCertificate) {
  return {
    ca: wanted.ca,
    names: wanted.names,
    key_type: wanted.keyType,
    reuse_key: wanted.reuseKey,
    profile: wanted.profile ?? '',
    preferred_chain: wanted.preferredChain,
    settings: wanted.settings,
    csr: csrValue(wanted),
    deploy_hook: wanted.deployHook,
    removed_at: null,
  } as const;
}

/** Whether a column holds this value; one that can't be read doesn't, and is written anew. */
function says(row: CertificateRow, column: keyof CertificateRow, value: unknown): boolean {
  return ifReadable(() => isSameValue(row[column], value), false);
}

/** Whether two values of a column are equal: JSON values are when their texts are. */
function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  // Lists of names are compared without making text of them: an import compares those of ten thousand rows.
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, index) => value === other[index]);
  return typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other);
}

function csrValue({ csr }: WantedCertificate): string | null {
  return csr?.toString('base64') ?? null;
}

export async function certificateByName(ledger: Ledger, name: string): Promise<CertificateRow | undefined> {
  return (await certificateOf(ledger, { name })).rows[0];
}

const certificateOf = compiledOnce((ledger, { name }: { name: string }) =>
  ledger.selectFrom('certificates').selectAll().where('name', '=', name),
);

/** The certificates with these names, removed ones too. */
export async function certificatesByName(
  ledger: Ledger,
  names: readonly string[],
): Promise<Map<string, CertificateRow>> {
  const rows = new Map<string, CertificateRow>();
  for (const chunk of chunksOf(names)) {
    const found = await ledger.selectFrom('certificates').selectAll().where('name', 'in', chunk).execute();
    for (const row of found) rows.set(row.name, row);
  }
  return rows;
}

/** Columns that tell whether a certificate is due, and when its CA is to be asked. */
const renewalFacts = [
  'name',
  'ca',
  'csr',
  'serial',
  'not_before',
  'not_after',
  'order_id',
  'deployed_at',
  'revoked_at',
  'removed_at',
  'issued_names',
  'ari_renew_at',
  'ari_window_end',
  'ari_ask_at',
  'paused_at',
  'paused_until',
] as const satisfies readonly (keyof CertificateRow)[];

export type RenewalFacts = Pick<CertificateRow, (typeof renewalFacts)[number]>;

/**
 * The renewal facts of all certificates that should exist: of ten thousand, few are due, and the rest of
 * their rows needn't be read.
 */
export async function listRenewalFacts(ledger: Ledger): Promise<RenewalFacts[]> {
  return ledger.selectFrom('certificates').select(renewalFacts).where('removed_at', 'is', null).execute();
}

/** Certificates that should exist, by name. */
export async function listCertificates(ledger: Ledger): Promise<CertificateRow[]> {
  return ledger
    .selectFrom('certificates')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('name')
    .execute();
}

export async function recordRemoved(writer: LedgerWriter, name: string): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('certificates')
      // A pause is of a certificate that is wanted.
      .set({ removed_at: instant(tx), paused_at: null, paused_until: null })
      .where('name', '=', name)
      .execute();
    await appendEvents(tx, [{ kind: 'certificate-removed', certificateName: name }]);
  });
}

/**
 * Records that the certificate with this serial number was revoked: a renewal may have put another in its
 * place meanwhile, which nobody has revoked.
 */
export async function recordRevoked(writer: LedgerWriter, name: string, serial: string): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('certificates')
      .set({ revoked_at: instant(tx) })
      .where('name', '=', name)
      .where('serial', '=', serial)
      .execute();
    await appendEvents(tx, [{ kind: 'certificate-revoked', certificateName: name }]);
  });
}
