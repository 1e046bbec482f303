import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSolver } from '../../../../src/challenges/create-solver.ts';
import type { SolverOptions } from '../../../../src/challenges/option-list.ts';
import { settingsFromOptions } from '../../../../src/challenges/settings-from-options.ts';
import { parseSolverSettings } from '../../../../src/challenges/settings.ts';
import type { ChallengeAnswer, Solver } from '../../../../src/challenges/solver.ts';
import type { NameServerView } from '../../../../src/challenges/visibility/name-servers.ts';
import { systemClock } from '../../../../src/clock.ts';
import { dnsRecordValue } from '../../../../src/challenges/answer-values.ts';
import { answerFor, never } from '../../answers.ts';

/** A zone that a provider edits, `example.test`, and what a person can see and do beside the solver. */
export interface ProviderStage {
  options: SolverOptions;
  nameServers?: NameServerView;
  /** The TXT values at a name as the provider has them. */
  values(name: string): Promise<string[]>;
  /** Somebody else's value. */
  put(name: string, value: string): Promise<void>;
  /** The next request is refused because there were too many, and the provider says when to come again; null for what has no limits. */
  refuseNext: ((retryAfterSeconds: number) => void) | null;
  /** From now on no request is answered. */
  hang(): void;
  stop(): Promise<void>;
}

export interface Abilities {
  /** Whether values can be taken away, and stay until then. */
  keepsValues: boolean;
}

/** What every solver that edits zones can do. */
export function describeProvider(
  name: string,
  start: () => Promise<ProviderStage>,
  { keepsValues }: Abilities = { keepsValues: true },
): void {
  describe(`the solver ${name}`, () => {
    let stage: ProviderStage;
    let record: string;
    let answers: [ChallengeAnswer, ChallengeAnswer];
    let counter = 0;
    beforeAll(async () => {
      stage = await start();
    });
    afterAll(() => stage.stop());
    beforeEach(() => {
      counter += 1;
      const domain = keepsValues ? `n${String(counter)}.example.test` : 'example.test';
      record = `_acme-challenge.${domain}`;
      // The base name, and its wildcard, which is answered at the same place.
      answers = [
        answerFor('dns-01', domain, `base-${String(counter)}`),
        answerFor('dns-01', domain, `wildcard-${String(counter)}`),
      ];
    });

    const solver = (): Solver => {
      const settings = settingsFromOptions({ propagationTimeout: '0s', ...stage.options }, '/');
      // As another process reads them.
      const kept = parseSolverSettings(JSON.parse(JSON.stringify(settings)));
      return createSolver(kept, { clock: systemClock, nameServers: stage.nameServers ?? {} });
    };
    const values = async (): Promise<string[]> => (await stage.values(record)).toSorted();
    const valuesOf = (...all: ChallengeAnswer[]): string[] => all.map(dnsRecordValue).toSorted();

    it('puts two values at one name, and each once', async () => {
      const one = solver();
      await Promise.all(answers.map((answer) => one.present(answer, never)));
      await Promise.all(answers.map((answer) => one.waitUntilVisible(answer, never)));
      expect(await values()).toEqual(valuesOf(...answers));
      if (!keepsValues) return;
      await one.present(answers[0], never);
      expect(await values()).toEqual(valuesOf(...answers));
    });

    it('is asked by two at once at one name', async () => {
      await Promise.all(answers.map((answer) => solver().present(answer, never)));
      expect(await values()).toEqual(valuesOf(...answers));
      if (!keepsValues) return;
      await Promise.all(answers.map((answer) => solver().cleanUp(answer, never)));
      expect(await values()).toEqual([]);
    });

    // acme-dns keeps the last two values, whoever wrote them, and takes none away: it is left out here, and where values are taken down above.
    it.skipIf(!keepsValues)(
      'takes down its own value and leaves somebody else’s, in another process and again',
      async () => {
        await stage.put(record, 'of-somebody-else');
        await solver().present(answers[0], never);
        await solver().present(answers[1], never);
        await solver().cleanUp(answers[0], never);
        expect(await values()).toEqual([...valuesOf(answers[1]), 'of-somebody-else'].toSorted());
        await solver().cleanUp(answers[1], never);
        await solver().cleanUp(answers[1], never);
        expect(await values()).toEqual(['of-somebody-else']);
      },
    );

    it('takes down what was never there', async () => {
      const before = await values();
      await solver().cleanUp(answers[0], never);
      expect(await values()).toEqual(before);
    });

    it('comes again when the provider is ready for it', async ({ skip }) => {
      const { refuseNext } = stage;
      if (refuseNext === null) return skip('a name server has no limit on requests');
      refuseNext(1);
      const begunAt = performance.now();
      await solver().present(answers[0], never);
      expect(performance.now() - begunAt).toBeGreaterThan(990);
      expect(await values()).toEqual(expect.arrayContaining(valuesOf(answers[0])));
    });

    it('ends soon after it is aborted', async () => {
      stage.hang();
      const stop = new AbortController();
      const presenting = solver().present(answers[0], stop.signal);
      setTimeout(() => {
        stop.abort(new Error('enough'));
      }, 200);
      const begunAt = performance.now();
      await expect(presenting).rejects.toThrow('enough');
      expect(performance.now() - begunAt).toBeLessThan(3_000);
    });
  });
}
