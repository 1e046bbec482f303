import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestKind } from '../../support/acme-request.ts';
import { type SmallDisk, mountSmallDisk } from '../../support/small-disk.ts';
import { type DiskStage, expectAllWritten, newDiskStage, whenAsked } from './disk-stage.ts';
import { type LeakLab, expectExit, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;
const disks: SmallDisk[] = [];

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(async () => {
  for (const disk of disks) await disk.remove();
  await lab.stop();
});

const names = ['one.test', 'two.test'];

/** The whole state directory on the small disk, or the ledger alone. */
async function onSmallDisk(what: 'state' | 'ledger'): Promise<{ stage: DiskStage; disk: SmallDisk }> {
  const customer = await lab.newCustomer();
  const directory = what === 'state' ? customer.stateDir : path.join(path.dirname(customer.stateDir), 'disk');
  await mkdir(directory, { recursive: true });
  const disk = await mountSmallDisk(directory);
  disks.push(disk);
  const file = `sqlite:${path.join(directory, 'ledger.sqlite')}`;
  return { disk, stage: await newDiskStage(customer, what === 'state' ? [] : ['--ledger', file]) };
}

/** A disk without a tmpfs is one on which the process can't write: the kernel's words differ. */
const saidOfLedger =
  /error: the disk under the ledger \S+ (is full|fails)[^\n]*\nhint: (make room \(df -h \S+\) and run|check the disk)/;

/** Room again: the same command ends well, and nothing is left of what went wrong. */
async function expectGoodEnd(
  { customer, issue }: DiskStage,
  disk: SmallDisk,
  later: { newOrder: number; finalize: number },
): Promise<void> {
  customer.proxy.setFault();
  customer.proxy.resetCounts();
  await disk.makeRoom();
  expectExit(await issue(names), 0);
  expect(customer.taken()).toMatchObject(later);
  expect(customer.proxy.census.open()).toEqual([]);
  expect(await customer.presented()).toEqual([]);
}

/** What a failed write left of a key or a certificate, by name. */
async function unfinished(stateDir: string): Promise<string[]> {
  const orders = await readdir(path.join(stateDir, 'orders')).catch(() => []);
  const versions = await readdir(path.join(stateDir, 'certificate-versions', 'site'));
  return [...orders.filter((name) => name.startsWith('.')), ...versions.slice(1)];
}

describe('a disk that gets full in the middle of a run', { concurrent: true, timeout: 180_000 }, () => {
  it.each([
    [
      'while the CA makes the order',
      'newOrder',
      { challenge: 0, finalize: 0, deactivate: 2 },
      { newOrder: 1, finalize: 1 },
    ],
    [
      'while its authorizations are fetched',
      'authz',
      { challenge: 0, finalize: 0, deactivate: 2 },
      { newOrder: 1, finalize: 1 },
    ],
    [
      'while challenges are submitted',
      'challenge',
      { finalize: 0, deactivate: 0 },
      { newOrder: 0, finalize: 1 },
    ],
    [
      'while the order is finalized',
      'finalize',
      { finalize: 1, deactivate: 0 },
      { newOrder: 0, finalize: 0 },
    ],
  ] as const)('%s', async (_title, kind: RequestKind, sent, later) => {
    const { stage, disk } = await onSmallDisk('ledger');
    const { customer } = stage;
    const running = stage.start(names);
    whenAsked(customer, kind, () => disk.fill(running.pid));
    const result = await running.finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(saidOfLedger);
    expect(customer.taken()).toMatchObject({ newOrder: 1, ...sent });
    expect(customer.proxy.census.unsubmitted()).toEqual([]);
    expect(await customer.presented()).toEqual([]);
    await stage.expectOldCertificate();
    await disk.makeRoom();
    expectAllWritten(customer, stage.ledgerFile);
    await expectGoodEnd(stage, disk, later);
  });

  it('while the answers are put up: none is submitted, all are taken down', async () => {
    const { stage, disk } = await onSmallDisk('ledger');
    const { customer } = stage;
    const running = stage.start(['slow.test', 'two.test']);
    await until('an answer is up', async () => (await customer.presented()).length > 0);
    await disk.fill(running.pid);
    const result = await running.finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(saidOfLedger);
    expect(customer.taken()).toMatchObject({ newOrder: 1, challenge: 0, deactivate: 2 });
    expect(await customer.presented()).toEqual([]);
    expect((await customer.hookCalls()).slice(-2).sort()).toEqual(['cleanup slow.test', 'cleanup two.test']);
    await stage.expectOldCertificate();
    await expectGoodEnd(stage, disk, { newOrder: 1, finalize: 1 });
  });

  it.each([
    ['while the key is written', 'challenge'],
    ['while the certificate is fetched', 'certificate'],
  ] as const)('under everything at once, %s', async (_title, kind) => {
    const { stage, disk } = await onSmallDisk('state');
    const { customer } = stage;
    const running = stage.start(names);
    whenAsked(customer, kind, () => disk.fill(running.pid));
    const result = await running.finished;
    expectExit(result, 1);
    expect(await unfinished(customer.stateDir)).toEqual([]);
    expect(result.stderr).toMatch(/ENOSPC|EFBIG|is full|fails/);
    expect(result.stderr).toMatch(/hint: .*(free space|make room|check the disk)/);
    expect(customer.taken()).toMatchObject({
      newOrder: 1,
      finalize: kind === 'certificate' ? 1 : 0,
      deactivate: 0,
    });
    await stage.expectOldCertificate();
    await expectGoodEnd(stage, disk, { newOrder: 0, finalize: kind === 'certificate' ? 0 : 1 });
  });
});

it(
  'a disk that is full before the run ends it with 2, and nothing is sent',
  { timeout: 180_000 },
  async () => {
    const { stage, disk } = await onSmallDisk('state');
    const running = stage.start(names);
    await disk.fill(running.pid);
    const result = await running.finished;
    expectExit(result, 2);
    expect(result.stderr).toMatch(saidOfLedger);
    expect(stage.customer.proxy.requests).toEqual([]);
    await stage.expectOldCertificate();
    await expectGoodEnd(stage, disk, { newOrder: 1, finalize: 1 });
  },
);
