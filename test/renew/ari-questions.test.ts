import { describe, expect, it } from 'vitest';
import type { RenewalInfo } from '../../src/acme/renewal-info.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import type { RenewalSource } from '../../src/renew/ari-questions.ts';
import { askRenewalInfo } from '../../src/renew/ari-questions.ts';
import { listCertificates, recordWanted } from '../../src/ledger/certificates/certificates.ts';
import { recordStored } from '../../src/ledger/certificates/stored-certificates.ts';
import type { CertificateRow } from '../../src/ledger/schema.ts';
import { inTransaction } from '../../src/ledger/writer.ts';
import { type TestLedger, anOrder, newDirectory, newLedger, noon } from '../ledger/new-ledger.ts';
import { wantedFor } from '../support/wanted-for.ts';

const dayMs = 86_400_000;
const inDays = (days: number): Date => new Date(noon.getTime() + days * dayMs);
const answer: RenewalInfo = {
  start: inDays(59),
  end: inDays(61),
  explanationUrl: null,
  retryAt: new Date(noon.getTime() + dayMs / 4),
};
const fault = new AcmeLedgerError('ca-answer', 'HTTP 500', { httpStatus: 500 });

/** So many certificates that the CA was never asked about, and what to ask with. */
async function withCertificates(
  count: number,
  given: Partial<RenewalSource>,
): Promise<{ here: TestLedger; ask: () => Promise<CertificateRow[]> }> {
  const here = await newLedger();
  const { order } = await anOrder(here, here.account, ['all.test']);
  await inTransaction(here, async (tx) => {
    for (let index = 0; index < count; index += 1) {
      const name = `${String(index).padStart(3, '0')}.test`;
      await recordWanted(tx, wantedFor(here.account.ca, name), here.account.id);
      await recordStored(tx, name, order.id, { serial: '0a', notBefore: noon, notAfter: inDays(90) });
    }
  });
  await here.ledger.updateTable('certificates').set({ ari_id: 'aki.serial' }).execute();
  const source = {
    ...here,
    stateDir: await newDirectory(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    signal: new AbortController().signal,
    mayAsk: () => true,
    ask: () => Promise.resolve(answer),
    ...given,
  };
  return {
    here,
    async ask() {
      await askRenewalInfo(source, await listCertificates(here.ledger));
      return listCertificates(here.ledger);
    },
  };
}

describe('asking a CA when to renew many', () => {
  it('asks a few at a time and writes every answer down', async () => {
    let [now, most] = [0, 0];
    const { ask } = await withCertificates(30, {
      async ask() {
        most = Math.max(most, (now += 1));
        await new Promise(setImmediate);
        now -= 1;
        return answer;
      },
    });
    const rows = await ask();
    expect(rows.map((row) => row.ari_window_end)).toEqual(rows.map(() => answer.end));
    expect(new Set(rows.map((row) => row.ari_renew_at?.getTime())).size).toBeGreaterThan(20);
    expect(most).toBe(8);
  });

  it('ends after three faults in a row, and every other one waits as if it had been asked', async () => {
    let asked = 0;
    const { ask } = await withCertificates(30, {
      ask: () => Promise.reject(++asked > 0 ? fault : new Error()),
    });
    const rows = await ask();
    // Eight were under way when the third failed.
    expect(asked).toBeLessThanOrEqual(10);
    expect(rows.map((row) => [row.ari_failures, row.ari_ask_at])).toEqual(
      rows.map(() => [1, new Date(noon.getTime() + 60_000)]),
    );
  });

  it('goes on after single faults', async () => {
    let asked = 0;
    const { ask } = await withCertificates(30, {
      ask: () => (++asked % 10 === 0 ? Promise.reject(fault) : Promise.resolve(answer)),
    });
    const rows = await ask();
    expect(rows.filter((row) => row.ari_failures === 1)).toHaveLength(3);
    expect(rows.filter((row) => row.ari_renew_at !== null)).toHaveLength(27);
  });

  it.each([
    ['the time is up', { mayAsk: () => false }],
    ['the run is interrupted', { signal: AbortSignal.abort() }],
  ])('leaves them all to the next run when %s', async (_when, given) => {
    const { here, ask } = await withCertificates(12, given);
    const before = await listCertificates(here.ledger);
    expect(await ask()).toEqual(before);
  });

  it('asks for none before the CA wants to be asked again', async () => {
    let asked = 0;
    const { ask } = await withCertificates(30, {
      ask: () => Promise.reject(++asked > 0 ? comeBack() : fault),
    });
    const rows = await ask();
    // Eight were under way when the first was refused.
    expect(asked).toBeLessThanOrEqual(8);
    expect(rows.map((row) => row.ari_ask_at)).toEqual(rows.map(() => inDays(1)));
  });

  it('comes back in a day where there is nothing to ask', async () => {
    const { here, ask } = await withCertificates(2, { ask: null });
    for (const row of await ask()) expect(row.ari_ask_at).toEqual(inDays(1));
    // Without its files nobody knows how to ask for it, or its issuer has no key identifier.
    await here.ledger.updateTable('certificates').set({ ari_id: null, ari_ask_at: null }).execute();
    for (const row of await ask()) expect(row.ari_ask_at).toEqual(inDays(1));
  });

  it('leaves alone what was replaced meanwhile', async () => {
    const { here, ask } = await withCertificates(1, {
      async ask() {
        await here.ledger.updateTable('certificates').set({ serial: '0b' }).execute();
        return answer;
      },
    });
    expect(await ask()).toMatchObject([{ serial: '0b', ari_window_start: null }]);
  });
});

function comeBack(): AcmeLedgerError {
  return new AcmeLedgerError('ca-limit', 'later', { httpStatus: 503, retryAt: inDays(1) });
}
