import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallDisk, mountSmallDisk } from '../../support/small-disk.ts';
import { expectAllWritten, newDiskStage, whenAsked } from './disk-stage.ts';
import { type LeakLab, expectExit, startLeakLab } from '../leak/leak-lab.ts';

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
const preload = fileURLToPath(new URL('../../support/read-only-preload.mjs', import.meta.url));

describe('what can only be read', { concurrent: true, timeout: 180_000 }, () => {
  it.each(['state', 'ledger'] as const)('(%s) is refused with 2, and nothing is sent', async (what) => {
    const customer = await lab.newCustomer();
    const beside = path.join(path.dirname(customer.stateDir), 'disk');
    const disk = await mountSmallDisk(what === 'state' ? customer.stateDir : beside);
    disks.push(disk);
    const option = ['--ledger', `sqlite:${path.join(beside, 'ledger.sqlite')}`];
    const stage = await newDiskStage(customer, what === 'state' ? [] : option);
    await disk.setReadOnly(true);
    const result = await stage.issue(names);
    expectExit(result, 2);
    // The ledger is read first, for what is known of the certificate.
    expect(result.stderr).toMatch(
      /the ledger \S+ can't be written: [^]*hint: check the owner .*read-only \(findmnt -T \S+\)/,
    );
    expect(customer.proxy.requests).toEqual([]);
    await stage.expectOldCertificate();
    await disk.setReadOnly(false);
    expectExit(await stage.issue(names), 0);
  });

  it.each([
    ['while the CA makes the order', 'newOrder', { challenge: 0, finalize: 0, deactivate: 2 }, 1],
    ['while challenges are submitted', 'challenge', { finalize: 0, deactivate: 0 }, 0],
    ['while the order is finalized', 'finalize', { deactivate: 0 }, 0],
  ] as const)(
    'from a moment on, %s: nothing is begun after it',
    async (_title, kind, sent, newOrdersLater) => {
      const stage = await newDiskStage(await lab.newCustomer());
      const { customer } = stage;
      const trigger = path.join(path.dirname(customer.stateDir), 'read-only');
      whenAsked(customer, kind, () => writeFile(trigger, ''));
      const env = { NODE_OPTIONS: `--import=${preload}`, READ_ONLY_TRIGGER: trigger };
      const result = await stage.start(names, { env }).finished;
      expectExit(result, 1);
      expect(result.stderr).toMatch(
        /^error: the ledger \S+ can't be written: .*readonly[^]*hint: check the owner/m,
      );
      expect(customer.taken()).toMatchObject({ newOrder: 1, ...sent });
      expect(customer.proxy.census.unsubmitted()).toEqual([]);
      expect(await customer.presented()).toEqual([]);
      expectAllWritten(customer, stage.ledgerFile);
      await stage.expectOldCertificate();
      customer.proxy.setFault();
      customer.proxy.resetCounts();
      expectExit(await stage.issue(names), 0);
      expect(customer.taken()).toMatchObject({ newOrder: newOrdersLater });
      expect(customer.proxy.census.open()).toEqual([]);
    },
  );
});
