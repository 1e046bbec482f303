import { describe, expect, it } from 'vitest';
import { later } from '../../../src/clock.ts';
import type { ErrorCode } from '../../../src/error-kinds.ts';
import { AcmeLedgerError, type AcmeLedgerErrorOptions, errorRecord } from '../../../src/errors.ts';
import { failureRule } from '../../../src/issuance/names/back-off.ts';
import { backOffAfter, backOffOf } from '../../../src/issuance/attempt/certificate-back-off.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import { certificateByName, recordWanted } from '../../../src/ledger/certificates/certificates.ts';
import { recordStored } from '../../../src/ledger/certificates/stored-certificates.ts';
import { recordFailed } from '../../../src/ledger/certificates/certificate-failures.ts';
import { releaseOrder } from '../../../src/ledger/orders/orders.ts';
import type { CertificateRow } from '../../../src/ledger/schema.ts';
import { recordAllWanted } from '../../../src/ledger/certificates/wanted.ts';
import { anIntent, newLedger, noon, type TestLedger } from '../../ledger/new-ledger.ts';
import { wantedFor } from '../../support/wanted-for.ts';

const wanted = wantedFor('https://ca.test/dir', 'one.test', { profile: 'unknown' });
const suspendMs = 86_400_000;

interface World {
  here: TestLedger;
  row: () => Promise<CertificateRow>;
  /** An attempt fails, and is told; in minutes, how long the certificate is left alone for that, null when it isn't. */
  fail: (
    code: ErrorCode,
    options?: AcmeLedgerErrorOptions & { orderId?: number; ca?: string },
  ) => Promise<number | null>;
}

async function newWorld(): Promise<World> {
  const here = await newLedger();
  await recordWanted(here, wanted, here.account.id);
  const row = async (): Promise<CertificateRow> => (await certificateByName(here.ledger, wanted.name))!;
  const fail: World['fail'] = async (code, { orderId, ca = wanted.ca, ...options } = {}) => {
    const before = await row();
    const error = errorRecord(new AcmeLedgerError(code, 'no', options));
    await recordFailed(here, before, error);
    const run = {
      ...here,
      account: { ...here.account, ca },
      failureRule: failureRule(suspendMs, () => 0),
    } as unknown as AccountRun;
    const attempt = { status: 'failed', certificate: await row(), orderId: orderId ?? null, error } as const;
    const told = await backOffAfter(run, before, wanted.names, attempt);
    const until = backOffOf(await row(), here.clock.now());
    if (until !== null) expect(told).toEqual((await row()).last_error);
    return until === null ? null : (Date.parse(until.retryAt!) - here.clock.now().getTime()) / 60_000;
  };
  return { here, row, fail };
}

/** As if that certificate stood. */
async function store(here: TestLedger, notBefore: Date, notAfter: Date): Promise<void> {
  const { id } = await anIntent(here, here.account, [`${wanted.name}.before`]);
  await recordStored(here, wanted.name, id, { serial: '0a', notBefore, notAfter });
}

function problem(status: number, detail = 'no such profile', type = 'malformed'): AcmeLedgerErrorOptions {
  return { problem: { type: `urn:ietf:params:acme:error:${type}`, detail, status, subproblems: [] } };
}

describe('a certificate that fails for a reason of its own', () => {
  it('is left alone for 1, 10, 100 minutes, then for a day at a time', async () => {
    const { here, fail, row } = await newWorld();
    const minutes: (number | null)[] = [];
    for (let run = 0; run < 5; run += 1) {
      minutes.push(await fail('ca-problem', problem(400)));
      here.clock.set(later(here.clock.now(), (minutes.at(-1) ?? 0) * 60_000));
      expect(backOffOf(await row(), here.clock.now())).toBeNull();
    }
    expect(minutes).toEqual([1, 10, 100, 1440, 1440]);
  });

  it('is tried again once where the CA broke, and then never left alone for days', async () => {
    const { fail } = await newWorld();
    const minutes: (number | null)[] = [];
    for (let run = 0; run < 5; run += 1) minutes.push(await fail('ca-problem', problem(500)));
    expect(minutes).toEqual([null, 1, 10, 100, 100]);
  });

  it('waits for as long as the CA said, where that is longer', async () => {
    const { fail } = await newWorld();
    expect(await fail('ca-problem', { ...problem(503), retryAt: later(noon, 3_600_000) })).toBe(60);
  });

  it('waits no longer than a day, whatever the CA said', async () => {
    const { fail } = await newWorld();
    const year = later(noon, 365 * 86_400_000);
    expect(await fail('ca-problem', { ...problem(400), retryAt: year })).toBe(1440);
    expect(await fail('ca-problem', { ...problem(500), retryAt: year })).toBe(1440);
  });

  it('waits no longer than until a tenth of its life is left', async () => {
    const { here, fail } = await newWorld();
    await store(here, later(noon, -6 * 86_400_000 + 15 * 3_600_000), later(noon, 15 * 3_600_000));
    expect(await fail('ca-problem', { ...problem(400), retryAt: later(noon, 86_400_000) })).toBe(90);
  });

  it('is tried more than three times before a certificate of six days ends', async () => {
    const { here, fail } = await newWorld();
    const end = later(noon, 3 * 86_400_000);
    await store(here, later(end, -6 * 86_400_000), end);
    let tries = 0;
    for (; here.clock.now() < end; tries += 1) {
      const minutes = await fail('ca-problem', problem(400));
      here.clock.set(later(here.clock.now(), (minutes ?? 1) * 60_000));
    }
    expect(tries).toBeGreaterThan(12);
    expect(tries).toBeLessThan(60);
  });

  it('is tried again when the time that was written down is years ahead, as by a clock that was', async () => {
    const { here, row, fail } = await newWorld();
    here.clock.set(new Date('2036-01-01T00:00:00.000Z'));
    expect(await fail('ca-problem', problem(400))).toBe(1);
    here.clock.set(noon);
    expect(backOffOf(await row(), here.clock.now())).toBeNull();
  });

  it('is never left alone for a day because it is too large: a person splits it', async () => {
    const { fail } = await newWorld();
    const detail = 'Cumulative length of all identifier values was greater than 10000 bytes';
    const minutes: (number | null)[] = [];
    for (let run = 0; run < 5; run += 1) minutes.push(await fail('ca-problem', problem(400, detail)));
    expect(minutes).toEqual([1, 10, 100, 100, 100]);
  });

  it('may be tried at once when it is wanted otherwise', async () => {
    const { here, row, fail } = await newWorld();
    expect(await fail('ca-problem', problem(400))).toBe(1);
    await recordAllWanted(here, [{ ...wanted, profile: 'known' }], 'import');
    expect(backOffOf(await row(), here.clock.now())).toBeNull();
    expect(await fail('ca-problem', problem(400))).toBe(1);
  });

  it.each<[string, ErrorCode, AcmeLedgerErrorOptions & { ca?: string }]>([
    ['a limit', 'ca-limit', {}],
    ['a CA that does not answer', 'ca-unreachable', {}],
    ['a name', 'authorization-invalid', {}],
    [
      'a name that the CA would not have',
      'ca-problem',
      problem(400, '"one.test": refused', 'rejectedIdentifier'),
    ],
    ['a signal', 'interrupted', {}],
    ['a deploy hook', 'deploy-hook', {}],
    ['the fallback', 'ca-problem', { ...problem(400), ca: 'https://other.test/dir' }],
  ])('is not left alone for %s', async (_what, code, options) => {
    const { fail } = await newWorld();
    expect(await fail(code, options)).toBeNull();
  });

  it('is gone on with where its order waits: that costs nothing', async () => {
    const { here, fail } = await newWorld();
    const { id: orderId } = await anIntent(here, here.account, ['one.test']);
    expect(await fail('store', { orderId })).toBeNull();
    await releaseOrder(here, orderId, { status: 'invalid' });
    expect(await fail('store', { orderId })).toBe(1);
  });
});
