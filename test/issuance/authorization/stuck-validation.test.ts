import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attempt } from '../../../src/issuance/attempt/attempt.ts';
import type { UnsubmittedPolicy } from '../../../src/policies.ts';
import { letsEncryptLimits } from '../../../src/acme/authorities/limits.ts';
import { obtain } from '../../../src/issuance/attempt/obtain.ts';
import { takeBackForgotten } from '../../../src/issuance/authorization/stuck-validation.ts';
import { recordWanted } from '../../../src/ledger/certificates/certificates.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';
import { wantedFor } from '../../support/wanted-for.ts';

const minuteMs = 60_000;
let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

async function attempt(run: RunningIssuance): Promise<Attempt> {
  const wanted = wantedFor(run.account.ca, 'a.test', { names: ['a.test', 'b.test'] });
  const certificate = await recordWanted(run, wanted, run.account.id);
  return obtain(run, certificate, { names: wanted.names, waitMs: 0 });
}

async function progress(): Promise<Record<string, string>> {
  const rows = await world.ledger.selectFrom('authorizations').selectAll().orderBy('id').execute();
  return Object.fromEntries(
    rows.map(({ url, status, challenge }) => [
      url.replace('https://ca.test/authz/', ''),
      `${status} ${challenge}`,
    ]),
  );
}

async function submittedAfterMs(name: string, start: Date): Promise<number> {
  const query = world.ledger.selectFrom('authorizations').select('submitted_at');
  const row = await query.where('url', '=', `https://ca.test/authz/${name}`).executeTakeFirstOrThrow();
  return (row.submitted_at?.getTime() ?? NaN) - start.getTime();
}

/** An attempt whose first name's validation died at the CA, which says so in no way; its run has ended. */
async function leaveStuck(policy: UnsubmittedPolicy): Promise<void> {
  world.ca.validationsThatDie = 1;
  const first = await world.startIssuance({ policy });
  expect(await attempt(first)).toMatchObject({ status: 'failed', error: { code: 'order-failed' } });
  await first.die();
  expect(await progress()).toEqual({ 'a.test': 'pending submitted', 'b.test': 'valid submitted' });
  expect(world.ca.deactivated).toEqual([]);
}

describe('a validation that died at the CA', () => {
  it('is not taken for one whose run began after the clock of the machine was set back', async () => {
    await leaveStuck('deactivate');
    const next = await world.startIssuance();
    const rows = await world.ledger.selectFrom('authorizations').selectAll().orderBy('id').execute();
    const shown = await Promise.all(rows.map(({ url }) => next.session.getAuthorization(url)));
    const order = await world.ledger.selectFrom('orders').select('id').executeTakeFirstOrThrow();
    const challenges = async (run: RunningIssuance): Promise<string[]> =>
      (await takeBackForgotten(run, order.id, rows, shown)).map(({ challenge }) => challenge);
    const submittedAt = rows[0]!.submitted_at!;
    const setBack = { ...next.clock, wallNow: () => new Date(submittedAt.getTime() + minuteMs) };
    expect(await challenges({ ...next, clock: setBack })).toEqual(['submitted', 'submitted']);
    expect(await challenges(next)).toEqual(['none', 'submitted']);
  });

  it.each(['deactivate', 'resume'] as const)('is begun anew by the next attempt (%s)', async (policy) => {
    await leaveStuck(policy);
    const next = await world.startIssuance({ policy });
    const before = next.clock.now();
    await attempt(next);
    expect(await progress()).toEqual({ 'a.test': 'valid submitted', 'b.test': 'valid submitted' });
    expect(world.ca).toMatchObject({ newOrders: 1, deactivated: [] });
    expect(await submittedAfterMs('a.test', before)).toBeLessThan(5_000);
  });

  it.each(['deactivate', 'resume'] as const)(
    'and that the CA begins no more (409) is closed after the wait for a validation, and its name ordered anew (%s)',
    async (policy) => {
      world.ca.isStubborn = true;
      await leaveStuck(policy);
      const next = await world.startIssuance({ policy });
      const warnings: string[] = [];
      next.log = { ...next.log, warn: (_, message) => void warnings.push(message) };
      next.limits = letsEncryptLimits;
      const before = next.clock.now();
      await attempt(next);
      expect(await progress()).toEqual({
        'a.test': 'deactivated none',
        'b.test': 'valid submitted',
        'a.test?2': 'valid submitted',
      });
      expect(world.ca).toMatchObject({ newOrders: 2, deactivated: ['a.test'] });
      const tookMs = await submittedAfterMs('a.test?2', before);
      expect(tookMs).toBeGreaterThanOrEqual(minuteMs);
      expect(tookMs).toBeLessThan(1.2 * minuteMs);
      expect(warnings).toEqual([
        expect.stringMatching(/^a\.test: .*counts as a failed validation.*ordered anew$/),
      ]);
    },
  );

  it('is left alone as long as the CA shows that it is at it', async () => {
    await leaveStuck('deactivate');
    const next = await world.startIssuance();
    const { session } = next;
    const showsWork: typeof session.getAuthorization = async (url, signal) => {
      const shown = await session.getAuthorization(url, signal);
      return { ...shown, challenges: shown.challenges.map((one) => ({ ...one, status: 'processing' })) };
    };
    next.session = { ...session, getAuthorization: showsWork };
    expect(await attempt(next)).toMatchObject({ status: 'failed' });
    expect(world.ca.submitted).toEqual(['b.test']);
    expect(world.ca.deactivated).toEqual([]);
  });
});
