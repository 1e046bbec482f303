import { lazySolver } from '../lazy-solver.ts';
import type { SolverKind } from '../solver-kind.ts';
import { noneSchema, type NoneSettings } from './settings.ts';

/** No answer at all: the CA has validated the names beforehand, and hands their authorizations out valid. */
export const none = {
  name: 'none',
  challenges: ['dns-01', 'http-01', 'tls-alpn-01'],
  chosenWhen: 'the CA has validated the names beforehand',
  answersNothing: true,
  options: {},
  schema: noneSchema,
  settingsFrom: (_values, { challenge }) => ({ solver: 'none', challenge }),
  create: (settings) =>
    lazySolver(settings.challenge, async () => {
      const { noneSolver } = await import('./none-solver.ts');
      return noneSolver(settings);
    }),
  queue: () => null,
  cleanUpLimitMs: 60_000,
  propagation: () => null,
  commandLine: ({ challenge }) => ({
    directory: null,
    words: ['--solver', 'none', ...(challenge === 'dns-01' ? [] : ['--challenge', challenge])],
  }),
  shown: () => ({ label: 'solver', text: 'none: the CA has validated the names beforehand' }),
} satisfies SolverKind<NoneSettings>;
