import { lazySolver } from '../lazy-solver.ts';
import type { SolverKind } from '../solver-kind.ts';
import { servedSchema, type ServedSettings } from './settings.ts';

const options = {} as const;

/**
 * `acme-ledger serve http01` gives the answers: the token is in the ledger before it is put up, and nothing more has to be done. Web servers
 * pass `/.well-known/acme-challenge/` on to it.
 */
export const served: SolverKind<ServedSettings, typeof options> = {
  name: 'served',
  challenges: ['http-01'],
  chosenWhen: 'web servers pass challenges on to acme-ledger serve http01',
  options,
  schema: servedSchema,
  settingsFrom: (_values, { challenge }) => ({ solver: 'served', challenge }),
  create: () =>
    lazySolver('http-01', async () => {
      const { servedSolver } = await import('./served-solver.ts');
      return servedSolver();
    }),
  queue: () => null,
  cleanUpLimitMs: 60_000,
  propagation: () => null,
  commandLine: () => ({ directory: null, words: ['--solver', 'served'] }),
  shown: () => ({ label: 'answers', text: 'acme-ledger serve http01 (http-01)' }),
};
