import { expect, it } from 'vitest';
import { inTime } from '../../../src/issuance/answers/clean-up.ts';

const never = new AbortController().signal;

it('a clean-up that does not heed its signal is left to itself when its time is over', async () => {
  const hanging = inTime(() => new Promise(() => undefined), never, { limitMs: 20, afterMs: 10 });
  await expect(hanging).rejects.toThrow(/^not taken down within 0.02 s/);
});

it('a clean-up that heeds its signal ends with the reason of it', async () => {
  const heeding = (signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  await expect(inTime(heeding, never, { limitMs: 20 })).rejects.toThrow('not done within 0.02 s');
  await expect(inTime(() => Promise.resolve(), never, { limitMs: 20 })).resolves.toBeUndefined();
});
