import { Command, CommanderError } from 'commander';
import { AcmeLedgerError, exitCodeOf } from '../errors.ts';
import { homeDirectory } from '../system/home-directory.ts';
import type { Log } from '../log-and-stops.ts';
import { shellWord } from '../shell-word.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Interruption } from '../log-and-stops.ts';
import { listenForSignals } from './interruption.ts';
import { stoppedCode } from '../log-and-stops.ts';
import { createLog } from './output/log.ts';
import { complain, createOutput } from './output/output.ts';
import { assertOwnState } from '../certificates/other-owner.ts';
import { buildProgram } from './program.ts';
import type { Action, Runner } from './runner.ts';
import type { Flags } from '../settings/layer.ts';
import { ledgerFile } from '../ledger/ledger-url.ts';
import { readSettings, type Settings } from '../settings/settings.ts';

// `acme-ledger authz list 2>&1 | head`: the reader has seen enough, or the terminal is gone. Work goes on and
// is settled.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
// The exit code until the end sets another: a program that ends with nothing left to wait for, and hasn't
// come to its end, has a bug.
process.exitCode = 70;
main(process.argv).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    complain(error);
    process.exitCode = exitCodeOf(error);
  },
);

async function main(argv: string[]): Promise<number> {
  let exitCode = 0;
  // Signals are heard from the first moment: a signal that comes before there is anything to settle ends the
  // program the same way.
  const stops = listenForSignals();
  const runner: Runner = {
    bind(command, action) {
      command.action(async (...given: unknown[]) => {
        exitCode = await runAction(action, given, stops);
      });
    },
  };
  try {
    await buildProgram(runner).parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** commander hands an action its operands, then its options, then itself. */
async function runAction<Options>(
  action: Action<Options>,
  given: readonly unknown[],
  stops: Interruption,
): Promise<number> {
  const command = given.at(-1);
  if (!(command instanceof Command)) throw new AcmeLedgerError('bug', 'commander gave no command');
  const options = command.optsWithGlobals();
  const context = await makeContext(options, stops);
  try {
    const code = await action(context, options as Options, operandsOf(given.slice(0, -2)));
    return stoppedCode(context.stops) ?? code;
  } catch (error) {
    const code = stoppedCode(context.stops);
    complain(error);
    return code ?? exitCodeOf(error);
  } finally {
    context.stops.dispose();
    await context.log.close();
  }
}

async function makeContext(options: Flags, stops: Interruption): Promise<CommandContext> {
  const settings = await readSettings(options, process.env, {
    cwd: workingDirectory(),
    isRoot: process.geteuid?.() === 0,
    home: homeDirectory(),
  });
  assertOwnState({ ...settings, ledgerFile: ledgerFile(settings.ledgerUrl) });
  const { verbosity, logFormat, logFile, json, progress } = settings;
  const log = createLog({ verbosity, format: logFormat, file: logFile });
  tellOfConfiguration(settings, log);
  return { settings, output: createOutput({ json, quiet: verbosity < 0, progress }), log, stops };
}

function tellOfConfiguration({ configurationFile, configurationPassedOver }: Settings, log: Log): void {
  if (configurationFile !== null) log.info({ file: configurationFile }, 'the configuration file was read');
  if (configurationPassedOver === null) return;
  const hint = `--config ${shellWord(configurationPassedOver)} reads it`;
  log.warn({ hint }, `root doesn't read ${configurationPassedOver} by itself`);
}

/** @throws AcmeLedgerError `usage` */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new AcmeLedgerError('usage', "the directory that this is run in isn't there any more", {
      hint: 'cd to one that is',
      cause,
    });
  }
}

function operandsOf(given: readonly unknown[]): string[] {
  return given.flat().filter((operand): operand is string => typeof operand === 'string');
}
