import { shownList } from '../certificates/issued-chain.ts';
import { storedState } from '../certificates/stored-state.ts';
import type { StoredState } from '../certificates/stored-state.ts';
import { errorRecord } from '../errors.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { isLost } from '../ledger/states.ts';
import { certificateByName, listCertificates } from '../ledger/certificates/certificates.ts';
import type { Finding } from '../ledger/check/finding.ts';
import { findingsMax } from '../ledger/check/finding.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isBeingCollected } from '../ledger/orders/order-queries.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import pLimit from 'p-limit';
import { assertAccountKey } from '../run/accounts/account-in-use.ts';
import { shellWord } from '../shell-word.ts';

/** Files read at one time. */
const concurrency = 16;

/** Where the files are that the ledger tells of, and when it is. */
export interface FileCheck {
  ledger: Ledger;
  stateDir: string;
  now: Date;
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
    return await isBeingCollected(ledger, identifierSetKey(row.names.map(parseName)));
  } catch {
    return false; // its names can't be read, which is told elsewhere
  }
}

function differenceOf(
  row: CertificateRow,
  stored: StoredState,
): Pick<Finding, 'code' | 'message' | 'hint'> | null {
  const again = `acme-ledger renew --all ${shellWord(row.name)} makes a new one`;
  switch (stored.state) {
    case 'missing':
      return {
        code: 'certificate-files-missing',
        message: `certificate ${row.name} is written down as stored, but its files aren't there`,
        hint: `put them back from a backup, or let the next renew order it again: acme-ledger renew ${shellWord(row.name)}`,
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
  stored: StoredState & { state: 'there' },
  again: string,
): Pick<Finding, 'code' | 'message' | 'hint'> | null {
  const { serial, keyFits } = stored;
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
  const other = otherThanWanted(row, stored);
  if (other !== null) {
    return {
      code: 'certificate-files-not-as-wanted',
      message: `certificate ${row.name} on disk ${other}, and the ledger takes it for what is wanted: it isn't renewed before its time`,
      hint: again,
    };
  }
  if (keyFits !== null || row.csr !== null) return null;
  return {
    code: 'certificate-files-missing',
    message: `the private key of certificate ${row.name} isn't there`,
    hint: `put it back from a backup, or let the next renew order it again: acme-ledger renew ${shellWord(row.name)}`,
  };
}

/** How the file differs from what is wanted, where the ledger says that it doesn't; names that the CA added are none of that. */
function otherThanWanted(
  { order_id, issued_names, names, csr, key_type }: CertificateRow,
  stored: StoredState & { state: 'there' },
): string | null {
  // Due already, because what is wanted has changed since.
  if (order_id === null) return null;
  const lacking = (issued_names ?? names).filter((name) => !stored.names.includes(name));
  if (lacking.length > 0) return `lacks ${shownList(lacking)}`;
  if (csr !== null)
    return Buffer.from(csr, 'base64').includes(stored.publicKey)
      ? null
      : 'is for another key than the CSR that is wanted';
  return stored.keyType === key_type
    ? null
    : `has a key of type ${stored.keyType ?? 'unknown'}, not ${key_type}`;
}
