import { Command, type ErrorOptions, type HelpContext, type Option } from 'commander';

/**
 * A command as commander reads its line. What commander would print by itself, help and refusals, is thrown instead: its
 * texts are loaded by `main` for whoever wants them.
 */
export class LedgerCommand extends Command {
  override createCommand(name?: string): LedgerCommand {
    return new LedgerCommand(name);
  }

  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    throw new HelpAsked(this, typeof context === 'object' && context.error);
  }

  override error(message: string, options?: ErrorOptions): never {
    throw new Misuse(this, message.replace(/^error: /, ''), options?.code ?? '');
  }

  override addOption(option: Option): this {
    super.addOption(option);
    // With a parser of its own it collects values or counts.
    const takesOne = option.required && !option.variadic && option.parseArg === undefined;
    return takesOne ? this.#takeOnce(option.long ?? option.flags, option.name()) : this;
  }

  /** Commander would take the last of two values, and the next option for a value. */
  #takeOnce(flag: string, name: string): this {
    let before: string | undefined;
    return this.on(`option:${name}`, (value: string) => {
      if (before !== undefined)
        this.error(`${flag} is given twice: "${before}" and "${value}"`, { code: twice });
      if (anyOption.test(value)) {
        this.error(`${flag} needs a value, and "${value}" looks like an option`, { code: optionAsValue });
      }
      before = value;
    });
  }
}

export const twice = 'acme-ledger.twice';
export const optionAsValue = 'acme-ledger.optionAsValue';

/** A key identifier may begin with a dash, but isn't made of small words. */
const anyOption = /^(?:-[a-zA-Z]|--[a-z]+(?:-[a-z]+)*)$/;

/** Somebody asked for the help of a command, or typed none (`isError`). */
export class HelpAsked extends Error {
  override name = 'HelpAsked';
  readonly command: Command;
  readonly isError: boolean;

  constructor(command: Command, isError: boolean) {
    super(`help on ${command.name()}`);
    this.command = command;
    this.isError = isError;
  }
}

/** A command line that can't be meant so. */
export class Misuse extends Error {
  override name = 'Misuse';
  /** The command whose part of the line it is. */
  readonly command: Command;
  /** Commander's code, such as `commander.unknownOption`, or one of those above. */
  readonly code: string;

  constructor(command: Command, message: string, code: string) {
    super(message);
    this.command = command;
    this.code = code;
  }
}
