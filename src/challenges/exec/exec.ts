import { lazySolver } from '../lazy-solver.ts';
import type { SolverKind } from '../solver-kind.ts';
import { visibilityFrom, visibilityWords } from '../visibility/options.ts';
import { cleanupHookOf, hookOf } from './hook-of-style.ts';
import { execOptions } from './options.ts';
import { execSchema, type ExecSettings } from './settings.ts';

/** A command of the person's puts the answers of dns-01 or http-01 up and takes them down. */
export const exec: SolverKind<ExecSettings, typeof execOptions> = {
  name: 'exec',
  challenges: ['dns-01', 'http-01'],
  chosenWhen: 'dns-01',
  options: execOptions,
  schema: execSchema,
  settingsFrom: (values, place) => ({
    solver: 'exec',
    challenge: place.challenge,
    hook: hookOf(values, place),
    ...cleanupHookOf(values),
    hookDirectory: place.directory,
    hookStyle: values.hookStyle,
    hookTimeoutSeconds: values.hookTimeout,
    hookConcurrency: values.hookConcurrency,
    ...visibilityFrom(values),
  }),
  create: (settings, parts) =>
    lazySolver(settings.challenge, async () => {
      const { hookSolver } = await import('./hook-solver.ts');
      return hookSolver(settings, parts);
    }),
  queue: (settings) => ({
    key: `${settings.hookDirectory}\n${settings.hook}`,
    concurrency: settings.hookConcurrency,
  }),
  // `--hook-timeout` counts from the start of the hook; before that the answer may wait for others of the same hook.
  cleanUpLimitMs: null,
  propagation: (settings) => settings,
  commandLine: (settings) => ({
    directory: settings.hookDirectory,
    words: [
      '--challenge',
      settings.challenge,
      '--hook',
      settings.hook,
      ...(settings.cleanupHook === undefined ? [] : ['--cleanup-hook', settings.cleanupHook]),
      ...(settings.hookStyle === 'lego' ? [] : ['--hook-style', settings.hookStyle]),
      '--hook-timeout',
      `${String(settings.hookTimeoutSeconds)}s`,
      '--hook-concurrency',
      String(settings.hookConcurrency),
      ...visibilityWords(settings),
    ],
  }),
  shown: (settings) => ({
    label: 'hook',
    text: `${settings.hook} (${waysOf(settings).join(', ')}, in ${settings.hookDirectory})`,
  }),
};

function waysOf({ challenge, hookStyle, cleanupHook }: ExecSettings): string[] {
  const isUsual = hookStyle === 'lego';
  return [
    challenge,
    ...(isUsual ? [] : [`called as ${hookStyle} does`]),
    ...(cleanupHook === undefined ? [] : [`taken down by ${cleanupHook}`]),
  ];
}
