import type { Command } from 'commander';
import type { GlobalOption } from '../settings/option-shapes.ts';
import { options } from '../settings/option-table.ts';

/** The options of every command; `settings/` checks them and adds environment and configuration file. */
export function addGlobalOptions(program: Command): void {
  program.optionsGroup('Files:').option('--config <FILE>', 'configuration (YAML)');
  for (const option of Object.values<GlobalOption>(options)) addOption(program, option);
}

function addOption(program: Command, option: GlobalOption): void {
  const { kind, help, group } = option;
  program.optionsGroup(group);
  if (kind === 'count') program.option(flagsOf(option), help, (_value, before: number) => before + 1, 0);
  else program.option(flagsOf(option), help);
}

function flagsOf({ flag, letter, placeholder }: GlobalOption): string {
  const short = letter === undefined ? '' : `-${letter}, `;
  const value = placeholder === undefined ? '' : ` <${placeholder}>`;
  return `${short}--${flag}${value}`;
}
