import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultHook } from '../../support/fault.ts';
import {
  type MinuteStage,
  burstOfErrors,
  newMinuteStage,
  noHarm,
  nonceServiceGone,
  outageTold,
} from './bad-minute-stage.ts';

let stage: MinuteStage;

beforeAll(async () => {
  stage = await newMinuteStage();
}, 60_000);

afterAll(() => stage.stop());

beforeEach(() => {
  stage.proxy.setFault();
  stage.proxy.resetCounts();
});

describe('a short fault of the CA in the middle of a renew', () => {
  const count = 30;

  it.each<{ what: string; fault: FaultHook; toldLeast: number }>([
    { what: 'no nonces for a second', fault: nonceServiceGone(1_000, 5), toldLeast: 1 },
    // With answers between them there may be nothing to wait for together.
    { what: 'eight errors in a burst', fault: burstOfErrors(8, 5), toldLeast: 0 },
  ])(
    '($what) fails no certificate, and is told in one line when it begins and one when it ends',
    async ({ fault, toldLeast }) => {
      const names = await stage.want(count);
      stage.proxy.setFault(fault);
      const result = await stage.here.run(['renew', '--json', '--concurrency', '10']);
      expect(result.exitCode, result.stderr).toBe(0);
      expect(stage.missing(names)).toEqual([]);
      expect(stage.harm(names)).toEqual(noHarm);
      const { begins, ends } = outageTold(result.stderr);
      expect(begins.length).toBeGreaterThanOrEqual(toldLeast);
      expect(begins.length).toBeLessThanOrEqual(1);
      expect(ends).toHaveLength(begins.length);
    },
    60_000,
  );
});
