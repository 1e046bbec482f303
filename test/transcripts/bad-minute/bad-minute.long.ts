import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultHook } from '../../support/fault.ts';
import { startProgram } from '../../support/program.ts';
import {
  type MinuteStage,
  burstOfErrors,
  newMinuteStage,
  noHarm,
  nonceServiceGone,
  outageTold,
} from './bad-minute-stage.ts';

const count = 150;
/** Which order the fault begins with: in the middle of the run. */
const middle = 50;
const renew = ['renew', '--concurrency', '10'];
let stage: MinuteStage;

beforeAll(async () => {
  stage = await newMinuteStage();
});

afterAll(() => stage.stop());

beforeEach(() => {
  stage.proxy.setFault();
  stage.proxy.resetCounts();
});

describe("a CA's bad minute in the middle of a renew of 150", { timeout: 300_000 }, () => {
  it.each<{ what: string; fault: FaultHook }>([
    // First: what the errors leave in doubt is looked for in the account's list, which Pebble gives three orders at a time.
    { what: '40 errors in a burst', fault: burstOfErrors(40, middle) },
    { what: 'no nonces for 1 s', fault: nonceServiceGone(1_000, middle) },
    { what: 'no nonces for 5 s', fault: nonceServiceGone(5_000, middle) },
    { what: 'no nonces for 60 s', fault: nonceServiceGone(60_000, middle) },
  ])('($what) costs no certificate and no validation, and is told once', async ({ fault }) => {
    const names = await stage.want(count);
    stage.proxy.setFault(fault);
    const result = await stage.here.run(renew, { timeoutMs: 270_000 });
    expect(result.exitCode, result.stderr).toBe(0);
    expect(stage.missing(names)).toEqual([]);
    expect(stage.harm(names)).toEqual(noHarm);
    const { begins, ends, others } = outageTold(result.stderr);
    expect([begins.length, ends.length], result.stderr).toEqual([1, 1]);
    expect(others).toEqual([]);
  });

  it('(no nonces for longer than the run may wait) defers what is left in one line, and costs nothing: the next run issues it', async () => {
    const names = await stage.want(count);
    // Soon, so that a busy machine comes there in time, too.
    stage.proxy.setFault(nonceServiceGone(60_000, 10));
    const cut = await stage.here.run([...renew, '--max-time', '30s']);
    expect(cut.exitCode, cut.stderr).toBe(75);
    expect(stage.missing(names).length).toBeGreaterThan(count / 2);
    const told = outageTold(cut.stderr);
    expect([told.begins.length, told.ends.length], cut.stderr).toEqual([1, 0]);
    expect(told.others).toEqual([
      expect.stringMatching(/^error: 1\d\d certificates: deferred, the CA has been out of order since /),
      expect.stringMatching(/^hint: /),
      expect.stringMatching(/^150 due: \d+ issued, 0 renewed, 0 failed, 1\d\d deferred/),
    ]);
    stage.proxy.setFault();
    const next = await stage.here.run(renew);
    expect(next.exitCode, next.stderr).toBe(0);
    expect(stage.missing(names)).toEqual([]);
    expect(stage.harm(names)).toEqual(noHarm);
    expect(next.stderr).toBe('');
  });

  it('(the process killed in finalize) costs no certificate and no validation: the next run goes on', async () => {
    const names = await stage.want(count);
    stage.proxy.setFault(({ kind, count: nth }) => {
      if (kind === 'finalize' && nth === middle) running.kill('SIGKILL');
      return undefined;
    });
    const running = startProgram([...stage.here.globalOptions, ...renew]);
    expect((await running.finished).signal).toBe('SIGKILL');
    expect(stage.missing(names).length).toBeGreaterThan(count / 2);
    const next = await stage.here.run(renew);
    expect(next.exitCode, next.stderr).toBe(0);
    expect(stage.missing(names)).toEqual([]);
    expect(stage.harm(names)).toEqual(noHarm);
    expect(next.stderr).toBe('');
  });
});
