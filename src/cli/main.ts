import { Command, CommanderError } from 'commander';
import { AcmeLedgerError, errorRecord, exitCodeOf, hasCode } from '../errors.ts';
import { RunRecord } from '../run/run-record.ts';
import { version } from '../version.ts';
import { maskedArguments } from '../run/masked-arguments.ts';
import { showWaits } from './output/wait-line.ts';
import { openLogFile } from '../run/log-file.ts';
import { homeDirectory } from '../system/home-directory.ts';
import { type Interruption, type Log, type LogLine, stoppedCode } from '../log-and-stops.ts';
import { shellWord } from '../shell-word.ts';
import type { CommandContext } from '../run/run-context.ts';
import { listenForSignals } from './interruption.ts';
import { createLog } from './output/log.ts';
import { complain, createOutput } from './output/output.ts';
import { assertOwnState } from '../certificates/other-owner.ts';
import { HelpAsked, Misuse } from '../command-line/ledger-command.ts';
import { buildProgram } from './program.ts';
import { type Action, type Runner, looksOnly, pathOf } from './runner.ts';
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
  const program = buildProgram(runner);
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof HelpAsked) return await writeHelp(error, program);
    if (!(error instanceof Misuse)) throw error;
    const { refusalOf } = await import('../command-line/refusal.ts');
    throw refusalOf(error, program, argv.slice(2));
  }
}

/** Without a terminal it has 80 columns. On stderr, as an error, where nothing was typed. */
async function writeHelp({ command, isError: isEmpty }: HelpAsked, program: Command): Promise<number> {
  const { helpAsked } = await import('../command-line/help.ts');
  const isError = isEmpty && program.args[0] !== 'help';
  const stream = isError ? process.stderr : process.stdout;
  stream.write(`${await helpAsked(command, program, stream.isTTY ? stream.columns : 80)}\n`);
  return isError ? 2 : 0;
}

/** commander hands an action its operands, then its options, then itself. */
async function runAction<Options>(
  action: Action<Options>,
  given: readonly unknown[],
  stops: Interruption,
): Promise<number> {
  const command = given.at(-1);
  if (!(command instanceof Command)) throw new AcmeLedgerError('bug', 'commander gave no command');
  const options: Flags & { dryRun?: boolean } = command.optsWithGlobals();
  const settings = await settingsOf(options);
  const acts = options.dryRun !== true && !looksOnly(command);
  const { context, close } = await makeContext(settings, stops, { command: pathOf(command), acts });
  const code = await exitCode(context, command, () =>
    action(context, options as Options, operandsOf(given.slice(0, -2))),
  );
  if (acts) await recorded(context, code);
  stops.dispose();
  close(code);
  return code;
}

async function recorded(context: CommandContext, code: number): Promise<void> {
  const { recordRun } = await import('../run/record-run.ts');
  await recordRun(context, code);
}

async function exitCode(
  context: CommandContext,
  command: Command,
  act: () => Promise<number>,
): Promise<number> {
  try {
    const code = await act();
    return stoppedCode(context.stops) ?? code;
  } catch (error) {
    const code = stoppedCode(context.stops);
    // The log keeps no words of commands, which may hold tokens: the line to type is for the terminal alone.
    context.output.refuse(error, await withWholeLine(error, command));
    context.record.failed(errorRecord(error));
    return code ?? exitCodeOf(error);
  }
}

/** A refusal that says the whole line to type, where it knows one. */
async function withWholeLine(error: unknown, command: Command): Promise<unknown> {
  if (!hasCode(error, 'usage', 'bad-name')) return error;
  const { withLine } = await import('../command-line/refusal.ts');
  let program = command;
  while (program.parent !== null) program = program.parent;
  return withLine(error, program, process.argv.slice(2));
}

async function settingsOf(options: Flags): Promise<Settings> {
  const settings = await readSettings(options, process.env, {
    cwd: workingDirectory(),
    isRoot: process.geteuid?.() === 0,
    home: homeDirectory(),
  });
  assertOwnState({ ...settings, ledgerFile: ledgerFile(settings.ledgerUrl) });
  return settings;
}

interface Asked {
  /** Such as `authz clear`. */
  command: string;
  /** Whether anything may be changed, so that the log has the run. */
  acts: boolean;
}

async function makeContext(
  settings: Settings,
  stops: Interruption,
  { command, acts }: Asked,
): Promise<{ context: CommandContext; close: (exitCode: number) => void }> {
  const { verbosity, logFormat, json, progress } = settings;
  const hasBegun = (): boolean => record.isInLedger;
  const isLogged = settings.log && (acts || settings.logFile !== null);
  const jsonLine = logFormat === 'json' ? (await import('../run/json-line.ts')).jsonLine : null;
  const file = isLogged ? openLogFile({ ...settings, file: settings.logFile, jsonLine, hasBegun }) : null;
  const toFile: LogLine = (level, fields, message) => file?.write({ level, at: new Date(), message, fields });
  const record = new RunRecord(command, maskedArguments(process.argv.slice(2)), toFile);
  if (acts) record.start(version);
  const log = createLog({ verbosity, jsonLine, logFile: file });
  tellOfConfiguration(settings, log);
  const waitLog: LogLine = (_level, fields, message) => log.info(fields, message);
  const output = createOutput({ json, quiet: verbosity < 0, progress, log: acts ? toFile : () => undefined });
  const endWaits = acts
    ? showWaits({ isVisible: output.isWatched && progress, log: waitLog })
    : () => undefined;
  return {
    context: { settings, output, log, record, stops },
    close(code) {
      endWaits();
      if (acts) record.end(code, stops.signal);
      const fault = file?.close(record.isRefused(code)) ?? null;
      // What keeps a run from beginning keeps it from its log, too, and was told.
      if (fault !== null && code !== 2) output.warn(fault.message, fault.hint);
    },
  };
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
