import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcmeLedgerError, type ErrorRecord } from '../../src/errors.ts';
import { outage } from '../../src/issuance/outage.ts';
import type { Stage } from '../../src/issuance/rehearsing.ts';
import { type Renewed, renewAll } from '../../src/issuance/renewing.ts';
import { certificateRow } from './rows.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from './tiny-issuance.ts';

const silence = { code: 'ca-unreachable', message: 'no answer', hint: null } as ErrorRecord;
const refusal = { code: 'ca-problem', message: 'no', hint: null } as ErrorRecord;

it('is an outage after three attempts in a row without an answer, and from then on', () => {
  const seen = outage();
  seen.note(silence);
  seen.note(silence);
  expect(seen.reason()).toBeNull();
  seen.note(silence);
  expect(seen.reason()).toBe(silence);
  // What was under way may still go well.
  seen.note(null);
  expect(seen.reason()).toBe(silence);
});

it.each([
  ['went well', null],
  ['the CA refused', refusal],
])('is none when in between one %s', (_what, answer) => {
  const seen = outage();
  for (const error of [silence, silence, answer, silence, silence]) seen.note(error);
  expect(seen.reason()).toBeNull();
});

describe('a staging that does not answer', () => {
  let world: TinyWorld;
  let issuance: RunningIssuance;
  const unreachable = new AcmeLedgerError('ca-unreachable', 'no answer');

  beforeEach(async () => {
    world = await newTinyWorld();
    issuance = await world.startIssuance();
  });

  afterEach(() => world.remove());

  /** Five to be rehearsed, and one that ends too soon to wait for it. */
  async function renewThere(stage: Stage): Promise<Map<string, Renewed>> {
    const inDays = (days: number): string =>
      new Date(world.clock.now().getTime() + days * 86_400_000).toISOString();
    const soon = { not_before: inDays(-89), not_after: inDays(1), stored_at: inDays(-89) };
    const certificates = ['a', 'b', 'c', 'd', 'e', 'soon'].map((label) => ({
      certificate: certificateRow({
        name: label,
        names: `["${label}.test"]`,
        ...(label === 'soon' ? soon : {}),
      }),
      due: { reason: 'missing' as const, dueAt: null },
      names: [`${label}.test`],
      onFailedName: 'fail' as const,
    }));
    const results = new Map<string, Renewed>();
    const options = { concurrency: 1, waitMs: 0, mayStart: () => true, stage };
    await renewAll(issuance, certificates, options, (renewed) =>
      results.set(renewed.certificate.name, renewed),
    );
    return results;
  }

  it.each([
    ['is down from the start', (): Stage['issuance'] => unreachable],
    [
      'falls silent at newOrder',
      (): Stage['issuance'] => ({
        ...issuance,
        session: { ...issuance.session, newOrder: () => Promise.reject(unreachable) },
        isRehearsal: true,
      }),
    ],
  ])('and %s is no outage of the CA itself', async (_what, staging) => {
    const results = await renewThere({ label: 'the staging', issuance: staging() });
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      expect(results.get(name)).toMatchObject({ status: 'deferred', isOfRehearsal: true });
    expect(world.ca.newOrders).toBe(1);
  });
});
