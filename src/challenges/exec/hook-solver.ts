import { AcmeLedgerError } from '../../errors.ts';
import { hookFailure, runHook } from '../../system/hook-process.ts';
import { runVariable } from '../../system/orphaned-hooks.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { visibleRecords } from '../visibility/visible-records.ts';
import { queued } from '../queue.ts';
import type { HookAction } from './hook-style.ts';
import { hookStyles } from './hook-styles.ts';
import type { ExecSettings } from './settings.ts';
import type { ChallengeAnswer, Solver } from '../solver.ts';
import type { SolverParts } from '../solver-kind.ts';

/** Lets a command of the person's put the answer up and take it down. */
export function hookSolver(settings: ExecSettings, parts: SolverParts): Solver {
  const run = { settings, environment: environmentOf(parts.runId) };
  return {
    type: settings.challenge,
    async present(answer, signal) {
      await runInTurn(run, 'present', answer, signal);
    },
    ...visibleRecords(settings, parts),
    async cleanUp(answer, signal) {
      await runInTurn(run, 'cleanup', answer, signal);
    },
    close: () => Promise.resolve(),
  };
}

interface HookRun {
  settings: ExecSettings;
  environment: Record<string, string>;
}

function environmentOf(runId: string | undefined): Record<string, string> {
  return runId === undefined ? {} : { [runVariable]: runId };
}

async function runInTurn(
  run: HookRun,
  action: HookAction,
  answer: ChallengeAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = run;
  const style = hookStyles[settings.hookStyle];
  const command =
    action === 'cleanup' && style.hasCleanupHook ? (settings.cleanupHook ?? null) : settings.hook;
  if (command === null) return;
  const key = `${settings.hook}\n${answer.identifier.value}\n${answer.token}`;
  const call = {
    command,
    action,
    args: style.argumentsFor(action, answer),
    variables: style.variablesFor(action, answer, printedAtPresent.get(key) ?? ''),
  };
  // The same hook edits the same zones, whichever order it runs for.
  await queued(`${settings.hookDirectory}\n${settings.hook}`, settings.hookConcurrency, signal, async () => {
    const printed = await runOnce(run, call, answer, signal);
    if (action === 'cleanup') printedAtPresent.delete(key);
    else if (style.hasCleanupHook) printedAtPresent.set(key, printed.trim());
  });
}

/** What hooks of this process printed when they put an answer up, for the hooks that take it down. */
const printedAtPresent = new Map<string, string>();

interface HookCall {
  command: string;
  action: HookAction;
  args: string[];
  variables: Record<string, string>;
}

/** @returns what the hook printed */
async function runOnce(
  { settings, environment: own }: HookRun,
  { command, action, args, variables }: HookCall,
  answer: ChallengeAnswer,
  signal: AbortSignal,
): Promise<string> {
  const timeoutMs = settings.hookTimeoutSeconds * 1000;
  const { hookDirectory: directory } = settings;
  const environment = { ...own, ...variables };
  const result = await runHook({ command, args, environment, directory, timeoutMs, signal });
  const failure = hookFailure(result, timeoutMs);
  if (failure === null) return result.stdout;
  const shown = printable(command);
  throw new AcmeLedgerError(
    'solver',
    `the hook "${shown}" (${action} ${answer.identifier.value}) ${failure}`,
    {
      hint:
        result.outcome === 'refused'
          ? 'a hook is run when nobody but root and the user of acme-ledger can change it'
          : result.outcome === 'timed-out'
            ? 'give it longer with --hook-timeout, or see why it takes so long'
            : `try it by hand: cd ${shellWord(printable(directory))} && ` +
              [...assignments(variables), shown, ...args.map(printable).map(shellWord)].join(' '),
    },
  );
}

function assignments(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${shellWord(printable(value))}`);
}
