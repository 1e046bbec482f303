import { copyFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestKind } from '../../support/acme-request.ts';
import { type DiskStage, newDiskStage, whenAsked } from './disk-stage.ts';
import { type LeakLab, expectExit, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

const names = ['one.test', 'two.test'];
const nothingNew = { newOrder: 0, challenge: 0, finalize: 0 };

async function replaceByBackup({ ledgerFile }: DiskStage): Promise<void> {
  await copyFile(ledgerFile, `${ledgerFile}.backup`);
  await rename(`${ledgerFile}.backup`, ledgerFile);
}

/** The command of the hint that puts back what the run saved, as arguments. */
function putBack(stderr: string): [string, string] {
  const [, from, to] = /hint: when no acme-ledger is running: mv (\S+) ([^;\s]+);/.exec(stderr) ?? [];
  if (from === undefined || to === undefined) throw new Error(stderr);
  return [from, to];
}

async function expectGoodEnd({ customer, issue }: DiskStage): Promise<void> {
  customer.proxy.setFault();
  expectExit(await issue(names), 0);
  expect(customer.proxy.census.open()).toEqual([]);
  expect(await customer.presented()).toEqual([]);
}

describe('a ledger that is taken away in the middle of a run', { concurrent: true, timeout: 180_000 }, () => {
  it.each([
    ['deleted while the CA makes the order', 'newOrder', { deactivate: 2 }],
    ['deleted while its authorizations are fetched', 'authz', { deactivate: 2 }],
    ['deleted while challenges are submitted', 'challenge', { deactivate: 0 }],
    ['deleted while the order is finalized', 'finalize', { deactivate: 0 }],
  ] as const)('is missed when it is %s', async (_title, kind: RequestKind, ended) => {
    const stage = await newDiskStage(await lab.newCustomer());
    const { customer, ledgerFile } = stage;
    whenAsked(customer, kind, () => rm(ledgerFile));
    const result = await stage.start(names).finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(
      /^error: the ledger \S+ was deleted or moved away while this run was at work; all that it held was saved as \S+/m,
    );
    expect(result.stderr).toMatch(/nothing of the order https:\S+ is left open at the CA/);
    // Nothing further was begun; what was begun was ended.
    const steps: RequestKind[] = ['newOrder', 'challenge', 'finalize'];
    for (const later of steps.slice(steps.indexOf(kind === 'authz' ? 'newOrder' : kind) + 1))
      expect(customer.taken()[later], later).toBe(0);
    expect(customer.taken()).toMatchObject(ended);
    expect(customer.proxy.census.unsubmitted()).toEqual([]);
    expect(await customer.presented()).toEqual([]);
    await stage.expectOldCertificate();

    customer.proxy.setFault();
    customer.proxy.resetCounts();
    const refused = await stage.issue(names);
    expectExit(refused, 2);
    expect(refused.stderr).toMatch(/isn't there, but what belongs to it is[^]*hint: mv \S+ \S+ puts back/);
    expect(customer.proxy.requests).toEqual([]);
    await rename(...putBack(result.stderr));
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(customer.taken()).toMatchObject(nothingNew);
    await expectGoodEnd(stage);
    expect(customer.taken().newOrder).toBe(kind === 'finalize' || kind === 'challenge' ? 0 : 1);
  });

  it('is missed when a backup takes its place: nothing is submitted, the answers are taken down', async () => {
    const stage = await newDiskStage(await lab.newCustomer());
    const { customer } = stage;
    const running = stage.start(['slow.test', 'two.test']);
    await until('an answer is up', async () => (await customer.presented()).length > 0);
    await replaceByBackup(stage);
    const result = await running.finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(/^error: the ledger \S+ was replaced by another file/m);
    expect(customer.taken()).toMatchObject({ challenge: 0, finalize: 0, deactivate: 2 });
    expect(await customer.presented()).toEqual([]);
    await stage.expectOldCertificate();
    await expectGoodEnd(stage);
  });

  it('is missed when its folder is moved, in which nothing can be saved', async () => {
    const customer = await lab.newCustomer();
    const folder = path.join(path.dirname(customer.stateDir), 'ledger-folder');
    const stage = await newDiskStage(customer, ['--ledger', `sqlite:${path.join(folder, 'ledger.sqlite')}`]);
    whenAsked(customer, 'authz', () => rename(folder, `${folder}-moved`));
    const result = await stage.start(names).finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(/was deleted or moved away[^]*hint: put it or a backup back/);
    expect(customer.taken()).toMatchObject({ challenge: 0, finalize: 0, deactivate: 2 });
    await stage.expectOldCertificate();
    await rename(`${folder}-moved`, folder);
    await expectGoodEnd(stage);
  });

  it('is missed without its log, and what was written comes home', async () => {
    const stage = await newDiskStage(await lab.newCustomer());
    const { customer, ledgerFile } = stage;
    whenAsked(customer, 'challenge', () => rm(`${ledgerFile}-wal`));
    const result = await stage.start(names).finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(/-wal was removed or replaced while the ledger was open/);
    expect(customer.taken()).toMatchObject({ newOrder: 1, finalize: 0, deactivate: 0 });
    customer.proxy.resetCounts();
    await expectGoodEnd(stage);
    expect(customer.taken()).toMatchObject({ newOrder: 0, finalize: 1 });
  });

  it('is told of with a command that closes what the run may not close itself', async () => {
    const stage = await newDiskStage(await lab.newCustomer());
    const { customer, ledgerFile } = stage;
    await copyFile(ledgerFile, `${ledgerFile}.backup`);
    whenAsked(customer, 'newOrder', () => rm(ledgerFile));
    const result = await stage.start(names, { env: { ACME_LEDGER_ON_UNSUBMITTED: 'resume' } }).finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(/2 authorizations of the order https:\S+ may be open at the CA/);
    expect(customer.taken()).toMatchObject({ deactivate: 0 });
    expect(customer.proxy.census.unsubmitted()).toHaveLength(2);
    const command =
      /to close them: acme-ledger (authz clear --ca \S+ \S+ \S+)$/m.exec(result.stderr)?.[1] ?? '';
    await rename(`${ledgerFile}.backup`, ledgerFile);
    expectExit(await customer.run(command.split(' ')), 0);
    expect(customer.proxy.census.open()).toEqual([]);
  });
});

describe('a ledger that is not there any more', { concurrent: true, timeout: 180_000 }, () => {
  it.each([['renew'], ['status'], ['authz', 'list']])('is asked after by %s %s', async (...command) => {
    const stage = await newDiskStage(await lab.newCustomer());
    await rm(stage.ledgerFile);
    const result = await stage.customer.run(command);
    expectExit(result, 2);
    expect(result.stderr).toMatch(/the ledger \S+ isn't there, but \S+ holds accounts[^]*hint: put a backup/);
    expect(stage.customer.proxy.requests).toEqual([]);
  });

  it('can be begun anew with the account that there was, and its leaks closed by their URLs', async () => {
    const stage = await newDiskStage(await lab.newCustomer());
    const { customer, ledgerFile } = stage;
    whenAsked(customer, 'newOrder', () => rm(ledgerFile));
    const env = { ACME_LEDGER_ON_UNSUBMITTED: 'resume' };
    const result = await stage.start(names, { env }).finished;
    const urls = /authz clear --ca \S+ (.*)$/m.exec(result.stderr)?.[1]?.split(' ') ?? [];
    await rm(putBack(result.stderr)[0]);
    customer.proxy.setFault();
    expectExit(await customer.run(['account', 'register', '--agree-tos']), 0);
    expectExit(await customer.run(['authz', 'clear', ...urls]), 0);
    expect(customer.proxy.census.open()).toEqual([]);
    await stage.expectOldCertificate();
  });
});
