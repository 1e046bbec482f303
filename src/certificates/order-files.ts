import { createHash, type KeyObject } from 'node:crypto';
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { publicKeyOf } from './key.ts';
import {
  failedWith,
  makePrivateDirectory,
  syncDirectory,
  uniqueSuffix,
  writeDurably,
} from '../system/durable-file.ts';

/**
 * The key and the CSR that an order is finalized with. `keyPem` is null when a person gave the CSR and keeps
 * the key.
 */
export interface OrderFiles {
  keyPem: string | null;
  csrDer: Buffer;
  /**
   * The public key of both, when they were made just now: to read a key again takes longer than to make it.
   */
  publicKey?: KeyObject;
}

/** The digest that tells a CSR from every other: SHA-256, base64url. */
export function csrDigest({ csrDer }: Pick<OrderFiles, 'csrDer'>): string {
  return createHash('sha256').update(csrDer).digest('base64url');
}

/** Whether the CSR is for the key beside it; a hand or a backup may have left another one. */
export function isPair({ keyPem, csrDer }: OrderFiles): boolean {
  if (keyPem === null) return true;
  try {
    // RFC 2986 §4.1: a request holds the public key as it is.
    return csrDer.includes(publicKeyOf(keyPem).export({ type: 'spki', format: 'der' }));
  } catch {
    return false;
  }
}

/**
 * Gives the key and the CSR of an order, on disk before it returns: the pair that is there already, because a
 * resumed order must be finalized with the same CSR, else the pair that `makeThem` makes. The pair lies in
 * `<state-dir>/orders/<order id>.pem` (docs/decisions.md#one-file-for-an-order).
 * @param assertOurs asked right before the pair is put in place: whether the order is still this run's
 * @throws AcmeLedgerError `store` when the pair can't be written; whatever `makeThem` and `assertOurs` throw
 */
export async function prepareOrderFiles(
  stateDir: string,
  orderId: string,
  makeThem: () => Promise<OrderFiles>,
  assertOurs: () => Promise<unknown>,
): Promise<OrderFiles> {
  const there = readOrderFiles(stateDir, orderId);
  if (there !== null) return there;
  const made = await makeThem();
  try {
    if (await putInPlace(stateDir, orderId, made, assertOurs)) return made;
    return readOrderFiles(stateDir, orderId) ?? made;
  } catch (error) {
    throw translated(error, orderId);
  }
}

/** Key and CSR of an order, or null when there are none. @throws AcmeLedgerError `store` when they can't be read */
export function readOrderFiles(stateDir: string, orderId: string): OrderFiles | null {
  const path = pairOf(stateDir, orderId);
  try {
    return readPair(path);
  } catch (error) {
    throw translated(error, orderId);
  }
}

/**
 * Removes the pair of an order that was finalized. What a crash left of its making was removed before, when
 * the order was taken up.
 * @throws AcmeLedgerError `store`
 */
export function removeOrderFiles(stateDir: string, orderId: string): void {
  const orders = join(stateDir, 'orders');
  try {
    const entries = readdirSync(orders);
    const ours = entries.filter(
      (entry) => entry === `${orderId}.pem` || entry.startsWith(unfinishedPrefix(orderId)),
    );
    for (const entry of ours) rmSync(join(orders, entry), { force: true });
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw translated(error, orderId);
  }
}

/**
 * Removes the pair of an order that was finalized: what a crash left of its making was removed before that, when it was taken up.
 * @throws AcmeLedgerError `store`
 */
export function removeUsedFiles(stateDir: string, orderId: string): void {
  try {
    unlinkSync(pairOf(stateDir, orderId));
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw translated(error, orderId);
  }
}

/**
 * The orders of which there are files, finished or not.
 * @throws AcmeLedgerError `store`
 */
export function ordersWithFiles(stateDir: string): string[] {
  try {
    const entries = readdirSync(join(stateDir, 'orders'));
    return [...new Set(entries.flatMap((entry) => /^\.?([A-Za-z0-9_-]+)/.exec(entry)?.slice(1) ?? []))];
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return [];
    throw translated(error, '');
  }
}

/** Writes the pair aside and links it into place; false when another process was first. */
async function putInPlace(
  stateDir: string,
  orderId: string,
  files: OrderFiles,
  assertOurs: () => Promise<unknown>,
): Promise<boolean> {
  const place = pairOf(stateDir, orderId);
  const orders = dirname(place);
  const unfinished = join(orders, `${unfinishedPrefix(orderId)}${uniqueSuffix()}`);
  if (!existsSync(orders)) await makePrivateDirectory(orders);
  let placed: boolean;
  try {
    await writeDurably(unfinished, textOf(files), 0o600);
    await assertOurs();
    placed = linkUnlessThere(unfinished, place);
  } finally {
    removeIfPossible(unfinished);
  }
  await syncDirectory(orders);
  return placed;
}

function linkUnlessThere(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
  }
  if (readPair(to) !== null) return false;
  // Half a pair, as a hand or a backup may leave it: no order can have been finalized with it.
  renameSync(from, to);
  return true;
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The file is removed with the order's other files.
  }
}

// RFC 7468 §7
const csrBegin = '-----BEGIN CERTIFICATE REQUEST-----\n';
const csrEnd = '-----END CERTIFICATE REQUEST-----\n';

/** The text of a pair: the key, then the CSR, so that `openssl pkey` and `openssl req` read it. */
function textOf({ keyPem, csrDer }: OrderFiles): string {
  const lines = csrDer.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `${keyPem ?? ''}${csrBegin}${lines}\n${csrEnd}`;
}

/** The pair in a text; null when it isn't there, or not as a whole. */
function readPair(path: string): OrderFiles | null {
  if (!existsSync(path)) return null;
  const text = readIfThere(path) ?? '';
  const begin = text.indexOf(csrBegin);
  if (begin === -1 || !text.endsWith(csrEnd)) return null;
  const csrDer = Buffer.from(text.slice(begin + csrBegin.length, -csrEnd.length), 'base64');
  return { keyPem: begin === 0 ? null : text.slice(0, begin), csrDer };
}

function pairOf(stateDir: string, orderId: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(orderId)) {
    throw new AcmeLedgerError('bug', `"${printable(orderId)}" is no order id of the ledger`);
  }
  return join(stateDir, 'orders', `${orderId}.pem`);
}

/** A name that no order has: their ids don't start with a dot. */
function unfinishedPrefix(orderId: string): string {
  return `.${orderId}.`;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
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
