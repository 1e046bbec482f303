import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { insertAccount } from '../../src/ledger/accounts.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-sqlite.ts';
import type { OrderAnswer } from '../../src/ledger/orders/orders.ts';
import { recordOrderAnswer } from '../../src/ledger/orders/orders.ts';
import { insertIntent } from '../../src/ledger/orders/intents.ts';
import { insertRun } from '../../src/ledger/runs.ts';
import type { AccountRow, OrderRow } from '../../src/ledger/schema.ts';
import type { LedgerWriter } from '../../src/ledger/writer.ts';
import { inTransaction } from '../../src/ledger/writer.ts';

/** When it is in these tests, until one says otherwise. */
export const noon = new Date('2026-05-01T12:00:00.000Z');

export interface TestLedger extends LedgerWriter {
  file: string;
  account: AccountRow;
  /** The same ledger, written by another run. */
  other: LedgerWriter;
  clock: Clock & { set(now: Date): void };
}

/** A real ledger in a new directory, with an account and two runs; gone when the test is over. */
export async function newLedger(): Promise<TestLedger> {
  const directory = await newDirectory();
  const file = path.join(directory, 'ledger.sqlite');
  empty ??= emptyLedger();
  await writeFile(file, await empty, { mode: 0o600 });
  const ledger = await openSqliteLedger(file);
  onTestFinished(() => ledger.destroy());
  const clock = standingClock();
  const writer = { ledger, runId: 'run-1', clock };
  await startRun(writer, 'run-1');
  await startRun(writer, 'run-2');
  const account = await insertAccount(writer, {
    ca: 'https://ca.test/dir',
    keyFile: 'accounts/ca.test.pem',
    keyThumbprint: 'thumbprint',
    email: null,
  });
  return { ...writer, file, account, other: { ...writer, runId: 'run-2' } };
}

let empty: Promise<Buffer> | undefined;

/** The bytes of a ledger as the migrations leave it: running them takes longer than most tests. */
async function emptyLedger(): Promise<Buffer> {
  const file = path.join(await newDirectory(), 'ledger.sqlite');
  await (await openSqliteLedger(file)).destroy();
  return await readFile(file);
}

export async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-ledger-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** An intent for these names, owned by the writer's run. */
export async function anIntent(
  writer: LedgerWriter,
  account: AccountRow,
  names: string[],
): Promise<OrderRow> {
  return await inTransaction(writer, (tx) =>
    insertIntent(tx, {
      accountId: account.id,
      certificateName: names[0] ?? '',
      names,
      namesKey: [...names].sort().join(' '),
      profile: '',
      replaces: null,
      reservedUntil: new Date(noon.getTime() + 7 * 86_400_000),
    }),
  );
}

/** An order that the CA answered with one pending authorization for each name; gives the ids of these, too. */
export async function anOrder(
  writer: LedgerWriter,
  account: AccountRow,
  names: string[],
): Promise<{ order: OrderRow; authorizationIds: number[] }> {
  const intent = await anIntent(writer, account, names);
  const order = await recordOrderAnswer(writer, intent, answerOf(intent));
  const links = await writer.ledger
    .selectFrom('order_authorizations')
    .select('authorization_id')
    .where('order_id', '=', order.id)
    .orderBy('authorization_id')
    .execute();
  return { order, authorizationIds: links.map((link) => link.authorization_id) };
}

export function answerOf(order: OrderRow, given: Partial<OrderAnswer> = {}): OrderAnswer {
  const names = order.names;
  return {
    url: `https://ca.test/order/${order.id}`,
    status: 'pending',
    expiresAt: new Date(noon.getTime() + 86_400_000),
    finalizeUrl: `https://ca.test/finalize/${order.id}`,
    certificateUrl: null,
    authorizationUrls: names.map((name) => `https://ca.test/authz/${order.id}-${name}`),
    ...given,
  };
}

async function startRun(writer: LedgerWriter, id: string): Promise<void> {
  await insertRun(writer.ledger, {
    id,
    host: 'host',
    process_space: '',
    pid: 1,
    process_start: '',
    command: 'test',
    started_at: noon,
    lease_until: new Date(noon.getTime() + 90_000),
    ended_at: null,
  });
}

function standingClock(): TestLedger['clock'] {
  let now = noon;
  return {
    now: () => now,
    wallNow: () => now,
    sleep: () => Promise.reject(new Error('the ledger does not sleep')),
    set: (then) => (now = then),
  };
}
