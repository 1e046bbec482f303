import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { later } from '../../../src/clock.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { LearnedWait } from '../../../src/issuance/waiting/learned-wait.ts';
import { poll } from '../../../src/issuance/waiting/polling.ts';
import { passingClock } from '../passing-clock.ts';

interface Answer {
  isDone: boolean;
  retryAt: Date | null;
}

const signal = new AbortController().signal;

describe('polling', () => {
  it('asks soon at first, then wider', async () => {
    const clock = passingClock();
    let asked = 0;
    const ask = (): Promise<Answer> => Promise.resolve({ isDone: (asked += 1) === 5, retryAt: null });
    const deadline = later(clock.now(), 60_000);
    const answer = await poll(ask, ({ isDone }) => isDone, { clock, deadline, signal });
    expect(answer.isDone).toBe(true);
    expect(clock.slept[0]).toBeLessThanOrEqual(250);
    expect(clock.slept).toEqual(clock.slept.toSorted((one, other) => one - other));
    expect(clock.slept.reduce((sum, ms) => sum + ms)).toBeLessThan(4_000);
  });

  it('counts its first wait, and no other, from when the CA was sent its work', async () => {
    const clock = passingClock();
    const since = clock.now();
    await clock.sleep(12);
    let asked = 0;
    const ask = (): Promise<Answer> => Promise.resolve({ isDone: (asked += 1) === 2, retryAt: null });
    await poll(ask, ({ isDone }) => isDone, { clock, deadline: later(since, 60_000), signal, since });
    expect(clock.slept).toEqual([12, 18, 250]);
  });

  it('asks at once when the round trip took as long as the first wait', async () => {
    const clock = passingClock();
    const since = clock.now();
    await clock.sleep(50);
    const ask = (): Promise<Answer> => Promise.resolve({ isDone: true, retryAt: null });
    await poll(ask, ({ isDone }) => isDone, { clock, deadline: later(since, 60_000), signal, since });
    expect(clock.slept).toEqual([50, 0]);
  });

  it('waits as long as it has learned before its first look, and learns from it', async () => {
    const learned = new LearnedWait();
    const firstWaits: (number | undefined)[] = [];
    for (let count = 0; count < 20; count += 1) {
      const clock = passingClock();
      const since = clock.now();
      const ask = (): Promise<Answer> =>
        Promise.resolve({ isDone: clock.now().getTime() - since.getTime() >= 200, retryAt: null });
      const deadline = later(since, 60_000);
      await poll(ask, ({ isDone }) => isDone, { clock, deadline, signal, since, learned });
      firstWaits.push(clock.slept[0]);
    }
    expect(firstWaits.slice(0, 3)).toEqual([30, 45, 67.5]);
    expect(firstWaits.filter((ms) => ms! >= 200)).toHaveLength(15);
  });

  it('waits on before its first look when others have come too early meanwhile', async () => {
    const learned = new LearnedWait();
    const clock = passingClock();
    const since = clock.now();
    const ask = (): Promise<Answer> => Promise.resolve({ isDone: true, retryAt: null });
    const deadline = later(since, 60_000);
    const polling = poll(ask, ({ isDone }) => isDone, { clock, deadline, signal, since, learned });
    learned.fellShort(100, 300);
    await polling;
    expect(clock.slept).toEqual([30, 120]);
  });

  it('never asks earlier than the last answer wants within its time, and never after its deadline', async () => {
    const retryAfterMs = fc.option(fc.integer({ min: 0, max: 120_000 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(retryAfterMs, { maxLength: 8 }),
        fc.integer({ min: 0, max: 180_000 }),
        async (waits, limitMs) => {
          const clock = passingClock();
          const deadline = later(clock.now(), limitMs);
          const wanted: Date[] = [];
          const asked: Date[] = [];
          const answerNow = (): Answer => {
            const wait = (waits[asked.length] ?? null) === null ? null : waits[asked.length]! % (limitMs + 1);
            const retryAt = wait === null ? null : later(clock.now(), wait);
            wanted.push(retryAt ?? clock.now());
            return { isDone: false, retryAt };
          };
          const last = answerNow();
          const ask = (): Promise<Answer> => {
            asked.push(clock.now());
            return Promise.resolve(answerNow());
          };
          await poll(ask, () => false, { clock, deadline, signal, last });
          asked.forEach((at, index) => expect(at.getTime()).toBeGreaterThanOrEqual(wanted[index]!.getTime()));
          expect(clock.now().getTime()).toBeLessThanOrEqual(deadline.getTime());
        },
      ),
      { numRuns: 100 },
    );
  });

  it('asks a last time at the deadline, so that what is decided by then is known then', async () => {
    const clock = passingClock();
    const deadline = later(clock.now(), 60_000);
    const ask = (): Promise<Answer> => Promise.resolve({ isDone: clock.now() >= deadline, retryAt: null });
    const answer = await poll(ask, ({ isDone }) => isDone, { clock, deadline, signal });
    expect(answer.isDone).toBe(true);
    expect(clock.now()).toEqual(deadline);
  });

  it('gives the last answer back, not done, when the rest of its time is shorter than the CA wants', async () => {
    const clock = passingClock();
    const deadline = later(clock.now(), 180_000);
    const answers = [later(clock.now(), 170_000), later(clock.now(), 300_000)];
    let asked = 0;
    const ask = (): Promise<Answer> => Promise.resolve({ isDone: false, retryAt: answers[asked++]! });
    const last: Answer = { isDone: false, retryAt: null };
    const answer = await poll(ask, ({ isDone }) => isDone, { clock, deadline, signal, last });
    expect([answer.retryAt, asked]).toEqual([answers[1], 2]);
    expect(clock.now().getTime()).toBe(answers[0]!.getTime());
  });

  it('goes on at its own pace, a few looks a minute, when the CA says a day of what is done in seconds', async () => {
    const clock = passingClock();
    const begun = clock.now();
    const retryAt = later(begun, 86_400_000);
    const asked: number[] = [];
    const ask = (): Promise<Answer> => {
      asked.push(clock.now().getTime() - begun.getTime());
      return Promise.resolve({ isDone: asked.length === 4, retryAt });
    };
    const options = { clock, deadline: later(begun, 180_000), signal, last: { isDone: false, retryAt } };
    expect((await poll(ask, ({ isDone }) => isDone, options)).isDone).toBe(true);
    expect(asked).toEqual([1000, 3000, 6000, 11_000]);
    const all: number[] = [];
    const never = (): Promise<Answer> => {
      all.push(clock.now().getTime());
      return Promise.resolve({ isDone: false, retryAt });
    };
    const until = later(clock.now(), 180_000);
    const last = { isDone: false, retryAt };
    expect(await poll(never, () => false, { clock, deadline: until, signal, last })).toMatchObject({
      retryAt,
    });
    expect(all.length).toBeLessThan(20);
    expect(clock.now()).toEqual(until);
  });

  it('asks once even when its time is over already: there is no other answer', async () => {
    const clock = passingClock();
    let asked = 0;
    const ask = (): Promise<Answer> => Promise.resolve({ isDone: (asked += 1) > 1, retryAt: null });
    await poll(ask, ({ isDone }) => isDone, { clock, deadline: later(clock.now(), -1), signal });
    expect(asked).toBe(1);
  });

  it('ends with the reason of its signal', async () => {
    const clock = passingClock();
    const controller = new AbortController();
    let asked = 0;
    const ask = (): Promise<Answer> => {
      if ((asked += 1) === 2) controller.abort(new Error('stop now'));
      return Promise.resolve({ isDone: false, retryAt: null });
    };
    const deadline = later(clock.now(), 60_000);
    const polling = poll(ask, ({ isDone }) => isDone, { clock, deadline, signal: controller.signal });
    await expect(polling).rejects.toThrow('stop now');
    expect(asked).toBe(2);
  });

  it('waits out a few passing faults, and throws one that lasts', async () => {
    const unavailable = new AcmeLedgerError('ca-limit', 'not now', { httpStatus: 503 });
    for (const [faults, outcome] of [
      [3, 'done'],
      [4, 'not now'],
    ] as const) {
      const clock = passingClock();
      let asked = 0;
      const ask = async (): Promise<Answer> => {
        asked += 1;
        if (asked <= faults) throw unavailable;
        return { isDone: true, retryAt: null };
      };
      const deadline = later(clock.now(), 60_000);
      const result = poll(ask, ({ isDone }) => isDone, { clock, deadline, signal }).then(
        () => 'done',
        (error: unknown) => (error as Error).message,
      );
      expect(await result).toBe(outcome);
    }
  });

  it('does not ask before the Retry-After of a fault: one that is after the deadline ends the polling', async () => {
    const clock = passingClock();
    const retryAt = later(clock.now(), 3_600_000);
    let asked = 0;
    const ask = async (): Promise<Answer> => {
      asked += 1;
      throw new AcmeLedgerError('ca-limit', 'in an hour', { httpStatus: 503, retryAt });
    };
    const deadline = later(clock.now(), 60_000);
    const polling = poll(ask, ({ isDone }) => isDone, { clock, deadline, signal });
    await expect(polling).rejects.toThrow('in an hour');
    expect(asked).toBe(1);
  });

  it('throws at once what does not pass by itself', async () => {
    const clock = passingClock();
    let asked = 0;
    const ask = async (): Promise<Answer> => {
      asked += 1;
      throw new AcmeLedgerError('ca-problem', 'no such order', { httpStatus: 404 });
    };
    const deadline = later(clock.now(), 60_000);
    const polling = poll(ask, ({ isDone }) => isDone, { clock, deadline, signal });
    await expect(polling).rejects.toThrow('no such order');
    expect(asked).toBe(1);
  });
});
