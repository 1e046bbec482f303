import { lazySolver } from '../../lazy-solver.ts';
import type { SolverKind, SolverQueue } from '../../solver-kind.ts';
import { visibilityFrom, visibilityWords } from '../../visibility/options.ts';
import { rfc2136Options } from './options.ts';
import { rfc2136Schema, type Rfc2136Settings } from './settings.ts';

/** Updates at one time: each is a process of a few megabytes, and most servers do one after the other anyway. */
const concurrency = 8;

/** A name server takes dynamic updates of the zone (RFC 2136), signed with a TSIG key (RFC 8945). */
export const rfc2136: SolverKind<Rfc2136Settings, typeof rfc2136Options> = {
  name: 'rfc2136',
  challenges: ['dns-01'],
  chosenWhen: 'your name server takes updates',
  options: rfc2136Options,
  schema: rfc2136Schema,
  settingsFrom: (values, { challenge }) => ({
    solver: 'rfc2136',
    challenge,
    dnsServer: values.dnsServer,
    tsigKeyFile: values.tsigKeyFile,
    tsigName: values.tsigName,
    tsigAlgorithm: values.tsigAlgorithm,
    ...visibilityFrom(values),
  }),
  create: (settings, parts) =>
    lazySolver('dns-01', async () => {
      const [{ providerSolver }, { rfc2136Provider }] = await Promise.all([
        import('../provider-solver.ts'),
        import('./rfc2136-provider.ts'),
      ]);
      const { provider, placeOf } = rfc2136Provider(settings, parts);
      return providerSolver(provider, { settings, queue: queueOf(settings), placeOf, parts });
    }),
  queue: queueOf,
  cleanUpLimitMs: 60_000,
  propagation: (settings) => settings,
  commandLine: (settings) => ({
    directory: null,
    words: [
      '--dns-server',
      settings.dnsServer,
      ...(settings.tsigKeyFile === null ? [] : ['--tsig-key-file', settings.tsigKeyFile]),
      ...(settings.tsigName === null ? [] : ['--tsig-name', settings.tsigName]),
      ...(settings.tsigAlgorithm === null ? [] : ['--tsig-algorithm', settings.tsigAlgorithm]),
      ...visibilityWords(settings),
    ],
  }),
  shown: ({ dnsServer, tsigKeyFile }) => ({
    label: 'dns',
    text: `updates at ${dnsServer} (${tsigKeyFile === null ? 'not signed' : `key: ${tsigKeyFile}`})`,
  }),
};

function queueOf({ dnsServer }: Rfc2136Settings): SolverQueue {
  return { key: `rfc2136 ${dnsServer}`, concurrency };
}
