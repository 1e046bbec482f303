import type { Command } from 'commander';
import type { CommandContext } from '../run/run-context.ts';

/** The action of a command with its operands and options; the number is the exit code. */
export type Action<Options> = (
  context: CommandContext,
  options: Options,
  operands: readonly string[],
) => Promise<number>;

export interface Runner {
  /** Ties an action to a command: settings are read and checked first, the exit code is kept for the end. */
  bind<Options>(command: Command, action: Action<Options>): void;
}

/** The last words of commands that show what is there and change nothing: they leave nothing in the log. */
const looking: ReadonlySet<string> = new Set([
  'list',
  'show',
  'report',
  'record',
  'status',
  'explain',
  'metrics',
  'completion',
]);

export function looksOnly(command: Command): boolean {
  return looking.has(command.name());
}

/** `authz clear`. */
export function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
