import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { HelpAsked } from '../src/command-line/ledger-command.ts';
import { helpText } from '../src/command-line/help.ts';
import { buildProgram } from '../src/cli/program.ts';
import { errorKinds } from '../src/error-kinds.ts';
import { parseConfiguration } from '../src/settings/configuration-text.ts';
import { findingCodes } from '../src/ledger/check/finding.ts';
import { findingKinds } from '../src/preflight/finding-codes.ts';
import { commandLinesOf, readDocuments, readSources, wordsOf } from './support/documents.ts';
import { anchorsOf, blocksOf, tableBelow } from './support/markdown.ts';

const documents = await readDocuments();
const readme = documents.get('README.md') ?? '';
const lines = [...documents].flatMap(([name, text]) => commandLinesOf(text).map((line) => ({ name, line })));

/** Named on the pages that say how to leave lego and acme.sh. */
const optionsOfOtherClients = [
  ...['--path', '--http', '--tls', '--dns', '--renew-hook'],
  ...['--manual-auth-hook', '--content', '--delegated'],
  ...['--install-cert', '--install-cronjob', '--uninstall-cronjob', '--reloadcmd'],
];

describe('the documents', () => {
  it('have command lines to check', () => {
    expect(lines.length).toBeGreaterThan(30);
  });

  it.each(lines)(
    'show a command line that the program takes: acme-ledger $line ($name)',
    async ({ line }) => {
      let ran = 0;
      const program = buildProgram({
        bind(command) {
          command.action(() => {
            ran += 1;
          });
        },
      });
      await program.parseAsync(['node', 'acme-ledger', ...wordsOf(line)]).catch((error: unknown) => {
        if (!(error instanceof HelpAsked)) throw error;
        ran += 1;
      });
      expect(ran).toBe(1);
    },
  );

  it('name only options that there are', () => {
    const known = new Set([...helpOfAll().matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option));
    // Those of systemctl and npm, and one that the README says isn't there.
    const others = ['--now', '--allow-scripts', '--rehearse', ...optionsOfOtherClients];
    const unknown = [...documents].flatMap(([name, text]) =>
      [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)]
        .filter(([option]) => !known.has(option) && !others.includes(option))
        .map(([option]) => `${name}: ${option}`),
    );
    expect(unknown).toEqual([]);
  });

  it('show configuration files that can be read', async () => {
    const files = [...documents.values()].flatMap((text) => blocksOf(text, 'yaml'));
    expect(files).not.toEqual([]);
    for (const text of files) {
      expect(Object.keys(await parseConfiguration('/etc/acme-ledger/config.yaml', text))).not.toEqual([]);
    }
  });

  it('link to files and headings that exist', async () => {
    const wrong: string[] = [];
    for (const [name, text] of documents) {
      for (const [, file = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
        const target = new URL(file, new URL(`../${name}`, import.meta.url));
        const page = file === '' ? text : await readFile(target, 'utf8').catch(() => null);
        if (page === null) wrong.push(`${name}: no file ${file}`);
        else if (anchor !== undefined && !anchorsOf(page).has(anchor))
          wrong.push(`${name}: no heading ${file}#${anchor}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('README.md', () => {
  it('tells the exit codes in the words of the help', () => {
    const help = helpOfAll();
    const codes = tableBelow(readme, 'Exit codes', 'exit');
    expect(codes).toHaveLength(6);
    for (const [code = '', meaning = ''] of codes) {
      const line = help.split('\n').find((each) => each.startsWith(`  ${code}  `));
      expect(meaning.startsWith(line?.slice(code.length + 2).trim() ?? 'no such line')).toBe(true);
    }
  });

  it('lists every command of the program', () => {
    const rows = tableBelow(readme, 'Commands', 'command').map(([cell = '']) => cell);
    expect(rows.flatMap(commandsIn).sort()).toEqual(leavesOf(silentProgram(), []).sort());
  });
});

describe('ARCHITECTURE.md', () => {
  it('points to files that exist', async () => {
    const text = documents.get('ARCHITECTURE.md') ?? '';
    const paths = [...text.matchAll(/`([a-z]+\/[\w./-]+\.ts|errors\.ts)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(20);
    for (const path of paths) {
      const place = path.startsWith('test/') ? `../${path}` : `../src/${path}`;
      await expect(readFile(new URL(place, import.meta.url)), path).resolves.toBeDefined();
    }
  });
});

describe('docs/messages.md', () => {
  it('explains messages that the program has', async () => {
    const source = await readSources();
    const rows = (documents.get('docs/messages.md') ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const messages = rows.flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)]);
    expect(messages.length).toBeGreaterThan(50);
    const fragments = messages.flatMap(([, message = '']) => message.split('…').map((part) => part.trim()));
    expect(fragments.filter((fragment) => !source.includes(fragment))).toEqual([]);
  });
});

describe('docs/ledger-check.md', () => {
  it('explains every finding of `ledger check`', () => {
    const rows = tableBelow(documents.get('docs/ledger-check.md') ?? '', 'What ledger check finds', 'code');
    expect(rows.map(([code]) => code).sort()).toEqual([...findingCodes].sort());
  });
});

describe('docs/check.md', () => {
  it('explains every finding of `check`, in the words that the program has', () => {
    const rows = tableBelow(documents.get('docs/check.md') ?? '', 'What check finds', 'code');
    const known = Object.entries(findingKinds).map(([code, { severity, whose, means, mend }]) =>
      [code, severity, whose, means, mend].map((cell) => cell.replaceAll('`', '')),
    );
    expect(rows.map((row) => row.map((cell) => cell.replaceAll('`', '')))).toEqual(known);
  });
});

describe('docs/exit-codes-and-json.md', () => {
  it('has every code of an error with its exit code', () => {
    const rows = tableBelow(documents.get('docs/exit-codes-and-json.md') ?? '', 'JSON on stdout', 'code');
    const told = rows.map(([code, exit]) => `${code ?? ''} ${exit ?? ''}`);
    const known = Object.entries(errorKinds).map(([code, { exit }]) => `${code} ${String(exit)}`);
    expect(told.sort()).toEqual(known.sort());
  });
});

describe('the pages on how to do things', () => {
  const references = ['decisions.md', 'json.md', 'ledger.md'].map((name) => `docs/${name}`);
  const pages = [...documents].filter(([name]) => name.startsWith('docs/') && !references.includes(name));

  it.each(pages)('%s begins with what to type', (_, text) => {
    const [, beginning = ''] = /^# .+\n\n([\s\S]*?)(?:\n## |$)/.exec(text) ?? [];
    expect(beginning.startsWith('```\n')).toBe(true);
  });

  it.each(pages)('%s is reached from the README', (name) => {
    expect(readme).toContain(`](${name})`);
  });
});

function silentProgram(): Command {
  return buildProgram({ bind: () => undefined });
}

/** The help of the program and of every command. */
function helpOfAll(): string {
  const program = silentProgram();
  return [program, ...commandsBelow(program)].map((command) => helpText(command, 200)).join('\n');
}

function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((each) => [each, ...commandsBelow(each)]);
}

/** `authz list`, and so on: commands that do something. */
function leavesOf(command: Command, path: readonly string[]): string[] {
  return command.commands.flatMap((each) => {
    const here = [...path, each.name()];
    return each.commands.length === 0 ? [here.join(' ')] : leavesOf(each, here);
  });
}

/** `cert list`, `cert show` for a cell "cert list, show". */
function commandsIn(cell: string): string[] {
  const [first = '', ...others] = cell.split(', ').map((part) => part.replace(/ \[?[A-Z]+….*$/, ''));
  const group = first.split(' ')[0] ?? '';
  return [first, ...others.map((other) => `${group} ${other}`)];
}
