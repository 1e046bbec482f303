import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import type { RequestKind, SeenRequest } from '../../support/acme-request.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../../support/program.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { type Customer, expectExit } from '../leak/leak-lab.ts';

/** A certificate that stands before anything goes wrong, and the command that is to replace it. */
export interface DiskStage {
  customer: Customer;
  ledgerFile: string;
  /** Replaces the certificate by one for these names. */
  start(names: string[], options?: ProgramOptions): RunningProgram;
  issue: (names: string[], ...args: string[]) => Promise<ProgramResult>;
  /** Asserts that the certificate that stood is as it was, byte for byte. */
  expectOldCertificate(): Promise<void>;
}

export async function newDiskStage(customer: Customer, extra: string[] = []): Promise<DiskStage> {
  const args = ['--cert-name', 'site', ...extra];
  const ledgerOption = extra[extra.indexOf('--ledger') + 1];
  const ledgerFile =
    extra.includes('--ledger') && ledgerOption !== undefined
      ? ledgerOption.slice('sqlite:'.length)
      : path.join(customer.stateDir, 'ledger.sqlite');
  const hook = ['--agree-tos', '--challenge', 'http-01', '--hook', customer.hook, '--hook-concurrency', '20'];
  expectExit(await customer.issue('before.test', ...args), 0);
  const before = await filesOf(customer);
  expect(Object.keys(before).sort()).toEqual(['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem']);
  customer.proxy.resetCounts();
  return {
    customer,
    ledgerFile,
    start: (names, options) => customer.start(['issue', ...names, ...args, ...hook], options),
    issue: (names, ...more) => customer.issue(...names, ...args, ...more),
    async expectOldCertificate() {
      expect(await filesOf(customer)).toEqual(before);
    },
  };
}

async function filesOf({ stateDir }: Customer): Promise<Record<string, string>> {
  const directory = path.join(stateDir, 'certificates', 'site');
  const names = await readdir(directory);
  const entries = names.map(
    async (name) => [name, await readFile(path.join(directory, name), 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Acts once, when the first request of a kind has arrived, before the CA hears of it. */
export function whenAsked(
  customer: Customer,
  kind: RequestKind,
  act: () => Promise<void>,
): { acted: () => boolean } {
  let started: Promise<void> | undefined;
  let isDone = false;
  customer.proxy.setFault(async (request: SeenRequest) => {
    if (request.kind !== kind) return undefined;
    started ??= act().then(() => {
      isDone = true;
    });
    await started;
    return undefined;
  });
  return { acted: () => isDone };
}

/** What was sent that may only be sent once it is written down, with what the ledger in `file` holds of it (promise 1). */
export function expectAllWritten(customer: Customer, file: string): void {
  const ledger = rawDatabase(file, { readonly: true });
  const counting = ledger.prepare('select count(*) from events where kind = ?').pluck();
  const count = (kind: string): number => Number(counting.get(kind));
  const submitting = ledger
    .prepare(
      `select challenge_url as url from authorizations
       where id in (select authorization_id from events where kind = 'challenge-submitting')`,
    )
    .all() as { url: string }[];
  const sent = (kind: RequestKind): SeenRequest[] =>
    customer.proxy.requests.filter((one) => one.kind === kind);
  // One whose nonce was rejected was sent again.
  const taken = (kind: RequestKind): number => sent(kind).filter(({ status = 0 }) => status < 300).length;
  expect(taken('newOrder')).toBeLessThanOrEqual(count('order-intent') - 1);
  expect(taken('finalize')).toBeLessThanOrEqual(count('finalize-sent') - 1);
  const written = new Set(submitting.map(({ url }) => url));
  expect(sent('challenge').filter(({ url }) => !written.has(url))).toEqual([]);
  ledger.close();
}
