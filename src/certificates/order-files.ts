import type { KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import {
  failedWith,
  makePrivateDirectory,
  syncDirectory,
  uniqueSuffix,
  writeDurably,
} from './durable-file.ts';

/** What an order is finalized with. `keyPem` is null when a person gave the CSR and keeps the key. */
export interface OrderFiles {
  keyPem: string | null;
  csrDer: Buffer;
  /** That of both, when they were made just now: to read it again takes longer than to make one. */
  publicKey?: KeyObject;
}

/**
 * Gives the key and the CSR of an order, on disk before it returns: those that are there already, because a resumed order
 * must be finalized with the same CSR, else what `makeThem` makes. They lie in `<state-dir>/orders/<order id>/`.
 * @throws AcmeLedgerError `store` when they can't be written; whatever `makeThem` throws
 */
export async function prepareOrderFiles(
  stateDir: string,
  orderId: string,
  makeThem: () => Promise<OrderFiles>,
): Promise<OrderFiles> {
  const there = readOrderFiles(stateDir, orderId);
  if (there !== null) return there;
  const made = await makeThem();
  try {
    if (await putInPlace(stateDir, orderId, made)) return made;
    return readOrderFiles(stateDir, orderId) ?? made;
  } catch (error) {
    throw translated(error, orderId);
  }
}

/** Key and CSR of an order, or null when there are none. @throws AcmeLedgerError `store` when they can't be read */
export function readOrderFiles(stateDir: string, orderId: string): OrderFiles | null {
  const directory = directoryOf(stateDir, orderId);
  try {
    const csrDer = readIfThere(join(directory, csrName));
    // Both appear at once (putInPlace): without a CSR there is no pair.
    if (csrDer === null) return null;
    const key = readIfThere(join(directory, keyName));
    return { keyPem: key?.toString('utf8') ?? null, csrDer };
  } catch (error) {
    throw translated(error, orderId);
  }
}

/** Removes them and what a crash left of them. Nothing there is success. @throws AcmeLedgerError `store` */
export function removeOrderFiles(stateDir: string, orderId: string): void {
  const orders = join(stateDir, 'orders');
  try {
    const entries = readdirSync(orders);
    const ours = entries.filter((entry) => entry === orderId || entry.startsWith(unfinishedPrefix(orderId)));
    for (const entry of ours) rmSync(join(orders, entry), { recursive: true, force: true });
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw translated(error, orderId);
  }
}

/** Orders that files are there of, finished or not. @throws AcmeLedgerError `store` */
export function ordersWithFiles(stateDir: string): string[] {
  try {
    const entries = readdirSync(join(stateDir, 'orders'));
    return [...new Set(entries.flatMap((entry) => /^\.?([A-Za-z0-9_-]+)/.exec(entry)?.slice(1) ?? []))];
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return [];
    throw translated(error, '');
  }
}

const keyName = 'privkey.pem';
const csrName = 'csr.der';

/** Writes the pair aside and renames it into place; false when another process was first. */
async function putInPlace(stateDir: string, orderId: string, files: OrderFiles): Promise<boolean> {
  const orders = join(stateDir, 'orders');
  const unfinished = join(orders, `${unfinishedPrefix(orderId)}${uniqueSuffix()}`);
  await makePrivateDirectory(orders);
  // On disk with the rename, or not needed.
  mkdirSync(unfinished, { mode: 0o700 });
  try {
    if (files.keyPem !== null) await writeDurably(join(unfinished, keyName), files.keyPem, 0o600);
    await writeDurably(join(unfinished, csrName), files.csrDer, 0o600);
    await syncDirectory(unfinished);
  } catch (error) {
    removeIfPossible(unfinished);
    throw error;
  }
  const placed = renameUnlessThere(unfinished, directoryOf(stateDir, orderId));
  await syncDirectory(orders);
  return placed;
}

function renameUnlessThere(from: string, to: string): boolean {
  try {
    // rename(2) replaces an empty directory and refuses one that holds files.
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!failedWith(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
  if (readIfThere(join(to, csrName)) !== null) {
    rmSync(from, { recursive: true, force: true });
    return false;
  }
  // Half a pair, as a hand or a back-up may leave it: nothing can have been finalized with it.
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
  return true;
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is removed with the order's other files.
  }
}

function directoryOf(stateDir: string, orderId: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(orderId)) {
    throw new AcmeLedgerError('bug', `"${printable(orderId)}" is no order id of the ledger`);
  }
  return join(stateDir, 'orders', orderId);
}

/** A name that no order has: their ids don't start with a dot. */
function unfinishedPrefix(orderId: string): string {
  return `.${orderId}.`;
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null;
    throw error;
  }
}

function translated(error: unknown, orderId: string): AcmeLedgerError {
  if (error instanceof AcmeLedgerError) return error;
  const reason = printable(messageOf(error));
  return new AcmeLedgerError(
    'store',
    `the key and CSR of order ${orderId} can't be kept on disk: ${reason}`,
    {
      hint: 'check the state directory: free space, permissions, a read-only file system',
      cause: error,
    },
  );
}
