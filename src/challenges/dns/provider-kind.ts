import * as z from 'zod/mini';
import { lazySolver } from '../lazy-solver.ts';
import { absolutePath } from '../setting-schemas.ts';
import type { SolverKind, SolverParts, SolverQueue } from '../solver-kind.ts';
import { visibilityFrom, visibilityOptions, visibilityWords } from '../visibility/options.ts';
import { type VisibilitySettings, visibilityShape } from '../visibility/settings.ts';
import { credentialsOption } from './credentials-option.ts';
import type { DnsProvider } from './provider.ts';

/** The settings of a provider that is known by its credentials. */
export interface ProviderSettings<Name extends string> extends VisibilitySettings {
  solver: Name;
  challenge: 'dns-01';
  /** Null: the environment has the credentials. */
  credentialsFile: string | null;
}

const options = { ...credentialsOption, ...visibilityOptions } as const;

interface ProviderParts<Name extends string> {
  name: Name;
  chosenWhen: string;
  /** Requests at one time. */
  concurrency: number;
  load: (settings: ProviderSettings<Name>, parts: SolverParts) => Promise<DnsProvider>;
}

/** For one answer, from its turn on: a provider's limit may be waited for in it. */
const cleanUpLimitMs = 120_000;

/** All that the program knows of a solver that signs in at a provider. */
export function providerKind<const Name extends string>({
  name,
  chosenWhen,
  concurrency,
  load,
}: ProviderParts<Name>): SolverKind<ProviderSettings<Name>, typeof options> {
  const queue = ({ credentialsFile }: ProviderSettings<Name>): SolverQueue => ({
    key: `${name} ${credentialsFile ?? ''}`,
    concurrency,
  });
  return {
    name,
    challenges: ['dns-01'],
    chosenWhen,
    options,
    schema: () => providerSchema(name),
    settingsFrom: (values, { challenge }) => ({
      solver: name,
      challenge,
      credentialsFile: values.dnsCredentials,
      ...visibilityFrom(values),
    }),
    create: (settings, parts) =>
      lazySolver('dns-01', async () => {
        const [{ providerSolver }, { placesOf }] = await Promise.all([
          import('./provider-solver.ts'),
          import('./record-name.ts'),
        ]);
        const provider = await load(settings, parts);
        return providerSolver(provider, {
          settings,
          queue: queue(settings),
          placeOf: placesOf(settings, parts),
          parts,
        });
      }),
    queue,
    cleanUpLimitMs,
    propagation: (settings) => settings,
    commandLine: ({ credentialsFile, ...settings }) => ({
      directory: null,
      words: [
        '--solver',
        name,
        ...(credentialsFile === null ? [] : ['--dns-credentials', credentialsFile]),
        ...visibilityWords(settings),
      ],
    }),
    shown: ({ credentialsFile }) => ({
      label: 'dns',
      text: `${name} (credentials: ${credentialsFile ?? 'the environment'})`,
    }),
  };
}

function providerSchema<const Name extends string>(name: Name) {
  return z.strictObject({
    solver: z.literal(name),
    challenge: z.literal('dns-01'),
    credentialsFile: z.nullable(absolutePath()),
    ...visibilityShape(),
  });
}
