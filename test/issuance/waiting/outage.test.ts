import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionFailure, unreachable } from '../../../src/acme/http/connection-failure.ts';
import { later } from '../../../src/clock.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { Outage, type OutageOptions, type RequestKind } from '../../../src/issuance/waiting/outage.ts';
import { waitAfter } from '../../../src/issuance/waiting/outage-lane.ts';
import type { Stage } from '../../../src/issuance/attempt/rehearse.ts';
import { renewAll } from '../../../src/renew/renew-all.ts';
import type { Renewed } from '../../../src/renew/work.ts';
import { certificateRow } from '../rows.ts';
import { steppingClock } from '../stepping-clock.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

const fault = (status = 500): AcmeLedgerError =>
  new AcmeLedgerError('ca-problem', `HTTP ${String(status)}`, { httpStatus: status });
const refusedConnection = (): AcmeLedgerError =>
  unreachable(new ConnectionFailure('unreachable', false, 'ca.test refuses the connection'), 'POST');

/** A CA, workers that ask it, and how long each of their requests took in seconds. */
function ca({ concurrency = 10, leftMs = () => 300_000 }: Partial<OutageOptions> = {}) {
  const clock = steppingClock();
  const began = clock.now().getTime();
  const told: string[] = [];
  const trials: number[] = [];
  const seconds = (): number => (clock.now().getTime() - began) / 1_000;
  const stop = new AbortController();
  const log = { ...silent, warn: (_: object, message: string) => void told.push(message) };
  const outage = new Outage({ clock, log, concurrency, leftMs, stop: stop.signal });
  let isBroken: (kind: RequestKind, about: unknown) => AcmeLedgerError | null = () => null;
  let sent = 0;
  outage.ping = async () => {
    trials.push(seconds());
    const error = isBroken('renewalInfo', 'ping');
    await clock.sleep(10);
    if (error !== null) throw error;
  };
  return {
    outage,
    clock,
    told,
    trials,
    seconds,
    stop,
    sent: () => sent,
    breaks: (how: typeof isBroken) => (isBroken = how),
    ask: async (kind: RequestKind, about: unknown = {}, mayRepeat = () => true): Promise<number> => {
      const from = seconds();
      await outage.bear(
        kind,
        undefined,
        async () => {
          sent += 1;
          await clock.sleep(50);
          const error = isBroken(kind, about);
          if (error !== null) throw error;
        },
        { about, waits: true, mayRepeat },
      );
      return seconds() - from;
    },
  };
}

const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  // What is logged is of no interest here.
}

describe('a CA that is out of order', () => {
  it('is waited for by all requests together, and tried by one after 1, 2, 4 … s', async () => {
    const here = ca();
    here.breaks(() => (here.seconds() < 60 ? refusedConnection() : null));
    const took = await Promise.all(Array.from({ length: 10 }, () => here.ask('read')));
    expect(here.trials.map(Math.round)).toEqual([1, 3, 7, 15, 31, 63]);
    // Each once before it was known, and once after it.
    expect(here.sent()).toBe(20);
    expect(Math.max(...took)).toBeLessThan(65);
    expect(here.told).toHaveLength(2);
    expect(here.told[0]).toContain('ca.test refuses the connection');
    expect(here.told[1]).toMatch(/answers again, after 6\d s/);
  });

  it('on one kind of request alone goes on being asked for the others', async () => {
    const here = ca();
    here.breaks((kind) => (kind === 'newOrder' && here.seconds() < 5 ? fault() : null));
    const orders = Array.from({ length: 4 }, (_, at) => here.ask('newOrder', at));
    await here.clock.sleep(1_500);
    expect(await here.ask('read')).toBeLessThan(0.1);
    await Promise.all(orders);
    expect(here.told).toHaveLength(2);
  });

  it('on one kind of request alone is sent no more at each trial than what waits for it', async () => {
    const here = ca({ concurrency: 4 });
    here.breaks((kind) => (kind === 'newOrder' && here.seconds() < 60 ? fault() : null));
    const orders = Array.from({ length: 4 }, (_, at) => here.ask('newOrder', at));
    await Promise.all(orders);
    // After 1, 2, 4, 8, 8 … s.
    expect(here.trials).toHaveLength(10);
    // Four before it was known, one at the first trial, and four at each other.
    expect(here.sent()).toBeLessThanOrEqual(4 + 1 + 9 * 4);
  });

  it('for longer than the run may wait ends all that waits, and is asked nothing more', async () => {
    const here = ca({ leftMs: (waitedMs) => 20_000 - waitedMs });
    here.breaks(() => refusedConnection());
    const ends = await Promise.allSettled(Array.from({ length: 5 }, () => here.ask('read')));
    for (const end of ends) expect(end).toMatchObject({ reason: { code: 'ca-outage' } });
    expect(here.seconds()).toBeLessThan(20);
    expect(here.outage.end).toMatchObject({ code: 'ca-outage' });
    const before = here.sent();
    await expect(here.ask('read')).rejects.toMatchObject({ code: 'ca-outage' });
    expect(here.sent()).toBe(before);
  });

  it('is no fault of the only order, however often that could not be sent', async () => {
    const here = ca({ leftMs: (waitedMs) => 20_000 - waitedMs });
    here.breaks(() => refusedConnection());
    await expect(here.ask('newOrder', 'a.test')).rejects.toMatchObject({ code: 'ca-outage' });
  });

  it('is waited for no longer after a signal', async () => {
    const here = ca({ concurrency: 1 });
    here.breaks(() => refusedConnection());
    const asked = here.ask('read');
    await here.clock.sleep(5_000);
    here.stop.abort(new AcmeLedgerError('interrupted', 'SIGTERM'));
    await expect(asked).rejects.toMatchObject({ code: 'interrupted' });
    await expect(here.ask('read')).rejects.toMatchObject({ code: 'ca-outage' });
  });

  it('is not asked again for what may have had an effect, and not said to be waited for then', async () => {
    const here = ca({ concurrency: 1 });
    here.breaks(() => fault());
    await expect(here.ask('act', 'finalize', () => false)).rejects.toMatchObject({ code: 'ca-problem' });
    expect(here.sent()).toBe(1);
    expect(here.told).toEqual([]);
  });

  it('is not asked before it wants to be, as far as that is within a minute', () => {
    const now = new Date('2026-01-01T00:00:00Z');
    const wants = (seconds: number): AcmeLedgerError =>
      new AcmeLedgerError('ca-problem', 'later', { httpStatus: 500, retryAt: later(now, seconds * 1_000) });
    const waits = [0, 30, 31_536_000].map((seconds) => waitAfter(1, wants(seconds), now));
    expect(waits).toEqual([1_000, 30_000, 60_000]);
  });
});

describe('one request that always breaks', () => {
  it('is not taken for one that met the last faults of many', async () => {
    const here = ca();
    const unlucky = 'unlucky';
    let left = 3;
    here.breaks((_, about) => {
      if (about === unlucky) return (left -= 1) >= 0 ? fault() : null;
      return here.seconds() < 0.9 ? fault() : null;
    });
    const others = Array.from({ length: 6 }, (_, at) => here.ask('newOrder', at));
    await Promise.all([...others, here.ask('newOrder', unlucky)]);
    expect(left).toBeLessThan(0);
    expect(here.told).toHaveLength(2);
  });

  it('after faults that all had met waits no longer than for a first one', async () => {
    const here = ca({ concurrency: 4 });
    let hasFailedAlone = false;
    here.breaks((kind, about) => {
      if (kind === 'newOrder' && here.seconds() < 30) return fault();
      if (about !== 'unlucky' || hasFailedAlone) return null;
      hasFailedAlone = true;
      return fault();
    });
    const others = Array.from({ length: 3 }, (_, at) => here.ask('newOrder', at));
    const took = await here.ask('newOrder', 'unlucky');
    expect(took).toBeLessThan(1.5 + Math.max(...(await Promise.all(others))));
    expect(hasFailedAlone).toBe(true);
  });

  it('holds up nobody else for long, and ends as its own failure', async () => {
    const here = ca();
    here.breaks((_, about) => (about === 'rotten' ? fault() : null));
    const rotten = here.ask('read', 'rotten').catch((error: unknown) => error);
    let longest = 0;
    const others = Array.from({ length: 3 }, async () => {
      while (here.seconds() < 40) {
        longest = Math.max(longest, await here.ask('read'));
        await here.clock.sleep(700);
      }
    });
    expect(await rotten).toMatchObject({ code: 'ca-problem' });
    expect(here.seconds()).toBeLessThan(20);
    await Promise.all(others);
    expect(longest).toBeLessThan(3);
    expect(here.outage.end).toBeNull();
  });

  it('alone is repeated five times and no more, also where a run may wait for hours', async () => {
    const here = ca({ concurrency: 4, leftMs: () => 3_600_000 });
    here.breaks((kind) => (kind === 'read' ? fault() : null));
    await expect(here.ask('read')).rejects.toMatchObject({ code: 'ca-problem' });
    expect(here.sent()).toBe(5);
    expect(here.outage.end).toBeNull();
  });
});

describe('a staging that does not answer', () => {
  let world: TinyWorld;
  let run: RunningIssuance;
  const noAnswer = new AcmeLedgerError('ca-unreachable', 'no answer');

  beforeEach(async () => {
    world = await newTinyWorld();
    run = await world.startIssuance();
  });

  afterEach(() => world.remove());

  /** Five to be rehearsed, and one that ends too soon to wait for it. */
  async function renewThere(stage: Stage): Promise<Map<string, Renewed>> {
    const inDays = (days: number): Date => new Date(world.clock.now().getTime() + days * 86_400_000);
    const soon = { not_before: inDays(-89), not_after: inDays(1), stored_at: inDays(-89) };
    const certificates = ['a', 'b', 'c', 'd', 'e', 'soon'].map((label) => ({
      certificate: certificateRow({
        name: label,
        names: [`${label}.test`],
        ...(label === 'soon' ? soon : {}),
      }),
      due: { reason: 'missing' as const, dueAt: null },
      names: [`${label}.test`],
      onFailedName: 'fail' as const,
    }));
    const results = new Map<string, Renewed>();
    const options = { concurrency: 1, waitMs: 0, mayStart: () => true, stage };
    await renewAll(run, certificates, options, (renewed) => results.set(renewed.certificate.name, renewed));
    return results;
  }

  it.each([
    ['is down from the start', (): Stage['run'] => noAnswer],
    [
      'falls silent at newOrder',
      (): Stage['run'] => ({
        ...run,
        session: { ...run.session, newOrder: () => Promise.reject(noAnswer) },
      }),
    ],
  ])('and %s is no outage of the CA itself', async (_what, staging) => {
    const results = await renewThere({ label: 'the staging', run: staging() });
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      expect(results.get(name)).toMatchObject({ status: 'deferred', isOfRehearsal: true });
    expect(world.ca.newOrders).toBe(1);
  });
});
