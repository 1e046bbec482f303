import { ordersWithFiles, removeOrderFiles } from '../certificates/order-files.ts';
import { storedState } from '../certificates/stored-state.ts';
import type { StoredState } from '../certificates/stored-state.ts';
import { later } from '../clock.ts';
import { errorRecord } from '../errors.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import { isLost, listAccounts } from '../ledger/accounts.ts';
import { certificateByName, listCertificates } from '../ledger/certificates.ts';
import type { Finding } from '../ledger/checks/finding.ts';
import { findingsMax } from '../ledger/checks/finding.ts';
import { appendEvents } from '../ledger/events.ts';
import type { Ledger } from '../ledger/open.ts';
import { conclusionsOf, isBeingCollected } from '../ledger/order-queries.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import pLimit from 'p-limit';
import { assertAccountKey } from './account.ts';
import { namesOf } from './collect.ts';

/** Whoever concludes an order removes its files next; if it dies before, the next run does. */
const removalMs = 86_400_000;
/** Files read at one time. */
const concurrency = 16;

/** Where the files are that the ledger tells of, and when it is. */
export interface FileCheck {
  ledger: Ledger;
  stateDir: string;
  now: Date;
}

/** The orders that had files before the ledger was looked at, so that the order of each must be in it. */
export async function filesBefore(stateDir: string): Promise<Set<number>> {
  const ids = ordersWithFiles(stateDir);
  return new Set(ids.filter((id) => /^\d+$/.test(id)).map(Number));
}

/** Keys of orders that nobody needs any more, and of orders that the ledger doesn't know. */
export async function orderFileFindings(
  { ledger, stateDir, now }: FileCheck,
  withFiles: ReadonlySet<number>,
): Promise<Finding[]> {
  const known = await conclusionsOf(ledger, [...withFiles]);
  const before = later(now, -removalMs).toISOString();
  return [...withFiles].flatMap((id): Finding[] => {
    const concludedAt = known.get(id);
    if (concludedAt === undefined) return [unknownFiles(id)];
    return concludedAt !== null && concludedAt < before ? [leftFiles(stateDir, id)] : [];
  });
}

function unknownFiles(id: number): Finding {
  return {
    code: 'order-files-unknown',
    level: 'error',
    table: 'orders',
    id,
    message: `there is a key for order ${id}, which the ledger doesn't know: it is older than the state directory, and a certificate may have been issued for that key`,
    hint: `if an older ledger was put back: acme-ledger renew orders again what is missing; then delete orders/${id}.pem in the state directory`,
  };
}

function leftFiles(stateDir: string, id: number): Finding {
  const code = 'order-files-left';
  return {
    code,
    level: 'error',
    table: 'orders',
    id,
    message: `the private key of order ${id} is still on disk, more than a day after the order was over`,
    hint: `delete orders/${id}.pem in the state directory`,
    async mend(writer) {
      removeOrderFiles(stateDir, String(id));
      await appendEvents(writer, [{ kind: 'mended', orderId: id, data: { code, table: 'orders', id } }]);
      return true;
    },
  };
}

/** Account keys that can't be read: nothing can be done at their CA. */
export async function accountKeyFindings({ ledger, stateDir }: FileCheck): Promise<Finding[]> {
  const accounts = (await listAccounts(ledger)).filter((account) => !isLost(account));
  const found = await Promise.all(
    accounts.map(async (account): Promise<Finding | null> => {
      try {
        await assertAccountKey(stateDir, account.ca, account);
        return null;
      } catch (error) {
        const { message, hint } = errorRecord(error);
        return {
          code: 'account-key-unusable',
          level: 'error',
          table: 'accounts',
          id: account.id,
          message,
          hint,
        };
      }
    }),
  );
  return found.filter((finding) => finding !== null);
}

/** Certificates whose files aren't what the ledger says is stored. */
export async function certificateFileFindings(check: FileCheck): Promise<Finding[]> {
  const limit = pLimit(concurrency);
  const rows = (await listCertificates(check.ledger)).filter((row) => row.stored_at !== null);
  const found = await Promise.all(rows.map((row) => limit(() => lookedAt(check, row))));
  return found.filter((finding) => finding !== null).slice(0, findingsMax);
}

async function lookedAt(check: FileCheck, row: CertificateRow): Promise<Finding | null> {
  const state = await storedState(check.stateDir, row.name);
  if (differenceOf(row, state) === null) return null;
  // A run may have stored, or removed it meanwhile: files and ledger are two writes.
  const now = await certificateByName(check.ledger, row.name);
  if (now === undefined || now.removed_at !== null || (await isUnderWay(check.ledger, now))) return null;
  const difference = differenceOf(now, await storedState(check.stateDir, row.name));
  return difference === null ? null : { level: 'error', table: 'certificates', id: row.id, ...difference };
}

async function isUnderWay(ledger: Ledger, row: CertificateRow): Promise<boolean> {
  try {
    return await isBeingCollected(ledger, identifierSetKey(namesOf(row).map(parseName)));
  } catch {
    return false; // its names can't be read, which is told elsewhere
  }
}

function differenceOf(
  row: CertificateRow,
  stored: StoredState,
): Pick<Finding, 'code' | 'message' | 'hint'> | null {
  const again = `acme-ledger renew --all ${row.name} makes a new one`;
  switch (stored.state) {
    case 'missing':
      return {
        code: 'certificate-files-missing',
        message: `certificate ${row.name} is written down as stored, but its files aren't there`,
        hint: `put them back from a backup, or let the next renew order it again: acme-ledger renew ${row.name}`,
      };
    case 'unreadable':
      return {
        code: 'certificate-files-unreadable',
        message: `the files of certificate ${row.name} can't be read: ${stored.reason}`,
        hint: `put them back from a backup; ${again}`,
      };
    case 'there':
      return thereDifference(row, stored, again);
  }
}

function thereDifference(
  row: CertificateRow,
  { serial, keyFits }: StoredState & { state: 'there' },
  again: string,
): Pick<Finding, 'code' | 'message' | 'hint'> | null {
  if (serial !== row.serial) {
    return {
      code: 'certificate-files-differ',
      message: `certificate ${row.name} on disk has the serial ${serial}, the ledger knows ${row.serial ?? 'none'}: one of them comes from another time, and its renewal goes by the ledger`,
      hint: `put back the files that belong to the ledger, or ${again}`,
    };
  }
  if (keyFits === false) {
    return {
      code: 'certificate-key-differs',
      message: `the private key of certificate ${row.name} isn't the one that the certificate is for: no server can use it`,
      hint: `put it back from a backup; ${again}`,
    };
  }
  if (keyFits !== null || row.csr !== null) return null;
  return {
    code: 'certificate-files-missing',
    message: `the private key of certificate ${row.name} isn't there`,
    hint: `put it back from a backup, or let the next renew order it again: acme-ledger renew ${row.name}`,
  };
}
