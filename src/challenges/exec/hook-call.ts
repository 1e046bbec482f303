import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { hookFailure, runHook, type HookResult } from '../../system/hook-process.ts';
import type { HookAction, HookCommand, HookStyle } from './hook-style.ts';
import type { ExecSettings } from './settings.ts';

/** A call of a hook, whatever its style. */
export interface HookCall {
  style: HookStyle;
  action: HookAction;
  /** The names that the call is for, as messages tell them. */
  names: string;
  commands: readonly HookCommand[];
  args: readonly string[];
  variables: Readonly<Record<string, string>>;
  input: string | null;
}

/** What came of a call: what the hook printed, or that it declined the answer (uacme's word for it), and in which words. */
export type HookOutcome = { printed: string } | { declined: AcmeLedgerError };

/**
 * Runs the commands of a call one after the other. Where there are several, one that takes the call is enough.
 * @throws AcmeLedgerError `solver` when none took it; the reason of the signal
 */
export async function callHook(
  settings: ExecSettings,
  call: HookCall,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HookOutcome> {
  let printed: string | null = null;
  let failed: AcmeLedgerError | null = null;
  let isDeclined = false;
  for (const command of call.commands) {
    const result = await run(settings, call, command, environment, signal);
    if (result.exitCode === 0) {
      printed = result.stdout;
      continue;
    }
    const isPassedOver = call.commands.length > 1 && result.exitCode === call.style.notMine;
    if (!isPassedOver) failed ??= failureOf(settings, call, command, result);
    isDeclined = declines(call, result);
  }
  if (printed !== null) return { printed };
  failed ??= noneTookIt(settings, call);
  if (isDeclined) return { declined: failed };
  throw failed;
}

function run(
  { hookDirectory: directory, hookTimeoutSeconds }: ExecSettings,
  { args, variables, input }: HookCall,
  { command, script, variables: own }: HookCommand,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HookResult> {
  return runHook({
    command,
    ...(script === undefined ? {} : { script }),
    args,
    environment: { ...environment, ...variables, ...own },
    directory,
    ...(input === null ? {} : { input }),
    timeoutMs: hookTimeoutSeconds * 1000,
    signal,
  });
}

function declines({ style, action }: HookCall, { exitCode }: HookResult): boolean {
  return style.mayDecline === true && action === 'present' && exitCode !== null;
}

function failureOf(
  settings: ExecSettings,
  call: HookCall,
  { command, script, variables }: HookCommand,
  result: HookResult,
): AcmeLedgerError {
  const ended = hookFailure(result, settings.hookTimeoutSeconds * 1000) ?? '';
  const says = sayingOf(call, result);
  const shown = printable(script ?? command);
  return new AcmeLedgerError(
    'solver',
    `the hook "${shown}" (${call.action} ${call.names}) ${ended}${says === null ? '' : `; ${says}`}`,
    { hint: hintFor(result, handTyped(settings, call, command, variables)) },
  );
}

/** What an exit code means in the hook's style. */
function sayingOf(call: HookCall, result: HookResult): string | null {
  const { style, action } = call;
  if (result.exitCode !== null && result.exitCode === style.notMine)
    return `by ${String(style.notMine)} it says that ${call.args[0] ?? action} isn't for it`;
  return declines(call, result) ? 'by that it declines this challenge' : null;
}

function hintFor({ outcome }: HookResult, typed: string): string {
  if (outcome === 'refused')
    return 'a hook is run when nobody but root and the user of acme-ledger can change it';
  if (outcome === 'timed-out') return 'give it longer with --hook-timeout, or see why it takes so long';
  return `try it by hand: ${typed}`;
}

/** The same call for a person's shell. */
function handTyped(
  { hookDirectory }: ExecSettings,
  { args, variables, input }: HookCall,
  command: string,
  own: Readonly<Record<string, string>> = {},
): string {
  const assignments = Object.entries({ ...own, ...variables }).map(
    ([name, value]) => `${name}=${shellWord(printable(value))}`,
  );
  const words = [...assignments, printable(command), ...args.map(printable).map(shellWord)].join(' ');
  const piped = input === null || input === '' ? '' : `printf %s ${shellWord(printable(input))} | `;
  return `cd ${shellWord(printable(hookDirectory))} && ${piped}${words}`;
}

function noneTookIt({ hook }: ExecSettings, { style, commands, args, names }: HookCall): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `none of the ${String(commands.length)} hooks in ${printable(hook)} takes ${args[0] ?? ''} for ${names}: each ended with ${String(style.notMine)}, which says that it isn't for it`,
    { hint: 'put the hook for it there, or give it alone as --hook' },
  );
}
