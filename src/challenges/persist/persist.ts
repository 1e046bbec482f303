import type { Solver } from '../solver.ts';
import type { SolverKind, SolverParts } from '../solver-kind.ts';
import { visibilityOptions } from '../visibility/options.ts';
import { persistSchema, type PersistSettings } from './settings.ts';

const options = { resolver: visibilityOptions.resolver } as const;

/** A record that stands in the DNS for good names the CA and the account (dns-persist-01): it is looked at, and nothing is put up. */
export const persist: SolverKind<PersistSettings, typeof options> = {
  name: 'persist',
  challenges: ['dns-persist-01'],
  chosenWhen: 'a record stands in the DNS for good, dns-persist-01',
  options,
  schema: persistSchema,
  settingsFrom: ({ resolver }, { challenge }) => ({ solver: 'persist', challenge, resolver }),
  create: (settings, parts) => persistSolver(settings, parts),
  queue: () => null,
  cleanUpLimitMs: 60_000,
  propagation: () => null,
  commandLine: ({ challenge, resolver }) => ({
    directory: null,
    words: [
      '--solver',
      'persist',
      '--challenge',
      challenge,
      ...(resolver === null ? [] : ['--resolver', resolver]),
    ],
  }),
  shown: ({ resolver }) => ({
    label: 'record',
    text: `at _validation-persist${resolver === null ? '' : `, asked at ${resolver}`} (dns-persist-01)`,
  }),
};

function persistSolver({ resolver }: PersistSettings, { clock, nameServers = {} }: SolverParts): Solver {
  const nothing = (_answer: unknown, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    return Promise.resolve();
  };
  return {
    type: 'dns-persist-01',
    present: nothing,
    waitUntilVisible: nothing,
    assertStillVisible: nothing,
    cleanUp: nothing,
    async standingEnd(proof, signal) {
      const { standingRecordEnd } = await import('./standing-record.ts');
      return standingRecordEnd(proof, { resolver, view: nameServers, clock }, signal);
    },
    close: () => Promise.resolve(),
  };
}
