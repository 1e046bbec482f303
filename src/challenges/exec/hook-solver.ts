import { runVariable } from '../../system/orphaned-hooks.ts';
import { visibleRecords } from '../visibility/visible-records.ts';
import { queued } from '../queue.ts';
import { callHook, type HookCall, type HookOutcome } from './hook-call.ts';
import type { HookAction } from './hook-style.ts';
import { hookStyles } from './hook-styles.ts';
import { sharedCall } from './shared-calls.ts';
import type { ExecSettings } from './settings.ts';
import type { BatchAnswer, ChallengeAnswer, Solver } from '../solver.ts';
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

/** What hooks of this process printed when they put an answer up, or that they declined it, for the hooks that take it down. */
const presented = new Map<string, HookOutcome>();

/** @throws AcmeLedgerError `solver` */
async function runInTurn(
  run: HookRun,
  action: HookAction,
  answer: ChallengeAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = run;
  const { hasCleanupHook, isChained = false } = hookStyles[settings.hookStyle];
  if (action === 'cleanup' && hasCleanupHook && settings.cleanupHook === undefined) return;
  const key = keyOf(settings, answer);
  const before = action === 'cleanup' ? presented.get(key) : undefined;
  presented.delete(key);
  // A hook isn't told of the end of what it has declined.
  if (before !== undefined && 'declined' in before) return;
  const act = (): Promise<HookOutcome> => callInTurn(run, action, answer, before?.printed ?? '', signal);
  const outcome = isChained
    ? await sharedCall(`${action}\n${hookKey(settings)}`, together(answer), answer, act)
    : await act();
  if (action === 'present' && (hasCleanupHook || 'declined' in outcome)) presented.set(key, outcome);
  if ('declined' in outcome) throw outcome.declined;
}

/** Runs the hook in its turn: the same hook edits the same zones, whichever order it runs for. */
async function callInTurn(
  { settings, environment }: HookRun,
  action: HookAction,
  answer: ChallengeAnswer,
  printed: string,
  signal: AbortSignal,
): Promise<HookOutcome> {
  const call = callFor(settings, action, answer, printed);
  return queued(hookKey(settings), settings.hookConcurrency, signal, () =>
    callHook(settings, call, environment, signal),
  );
}

function callFor(
  settings: ExecSettings,
  action: HookAction,
  answer: ChallengeAnswer,
  printed: string,
): HookCall {
  const style = hookStyles[settings.hookStyle];
  const command = (action === 'cleanup' ? settings.cleanupHook : undefined) ?? settings.hook;
  const answers = together(answer);
  const names = (style.isChained === true ? answers : [answer]).map(({ identifier }) => identifier.value);
  return {
    style,
    action,
    names: shownNames(names),
    commands: style.commandsFor?.(command, settings.hookDirectory) ?? [{ command }],
    args: style.argumentsFor(action, answer, answers),
    variables: style.variablesFor(action, answer, printed.trim()),
    input: style.inputFor?.(answer) ?? null,
  };
}

/** The hook, wherever it was typed. */
function hookKey({ hookDirectory, hook }: ExecSettings): string {
  return `${hookDirectory}\n${hook}`;
}

function together(answer: ChallengeAnswer): readonly BatchAnswer[] {
  return answer.batch?.answers ?? [answer];
}

function keyOf(settings: ExecSettings, { identifier, token }: ChallengeAnswer): string {
  return `${hookKey(settings)}\n${identifier.value}\n${token}`;
}

const namesInMessage = 3;

function shownNames(names: readonly string[]): string {
  const unique = [...new Set(names)];
  const more = unique.length - namesInMessage;
  const shown = unique.slice(0, namesInMessage).join(', ');
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
}
