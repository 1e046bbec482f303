import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptProof, parseProof } from '../../src/challenges/proof/proof.ts';
import { solverSettings } from '../../src/challenges/settings.ts';
import { instantColumns, jsonColumns } from '../../src/ledger/tables/column-types.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-sqlite.ts';
import {
  authorizationStatuses,
  authorizationStatusesBefore,
  challengeProgresses,
  challengeProgressesBefore,
  orderStatuses,
  orderStatusesBefore,
} from '../../src/ledger/states.ts';
import { blocksOf, tableBelow, tablesOf } from '../support/markdown.ts';
import type { Workspace } from '../support/workspace.ts';
import { newWorkspace } from '../support/workspace.ts';

let specification: string;
let workspace: Workspace;
let ledger: Ledger;

beforeAll(async () => {
  specification = await readFile(new URL('../../docs/ledger.md', import.meta.url), 'utf8');
  workspace = await newWorkspace();
  ledger = await openSqliteLedger(workspace.file('ledger.sqlite'));
});

afterAll(async () => {
  await ledger.destroy();
  await workspace.remove();
});

/** SQL types of the words that the specification uses. */
const sqlTypes: Record<string, string> = {
  integer: 'integer',
  flag: 'integer',
  text: 'text',
  instant: 'text',
  json: 'text',
  error: 'text',
};

describe('docs/ledger.md', () => {
  it('names every table and column of a new ledger, with type and whether it may be null', async () => {
    const { rows } = await sql<{ tbl: string; name: string; type: string; notnull: number; pk: number }>`
      select tables.name as tbl, columns.name, columns.type, columns."notnull", columns.pk
      from sqlite_master as tables, pragma_table_info(tables.name) as columns
      where tables.type = 'table' and tables.name not like 'sqlite_%' and tables.name not like 'kysely_%'`.execute(
      ledger,
    );
    const made = rows.map(
      ({ tbl, name, type, notnull, pk }) =>
        `${tbl}.${name} ${type.toLowerCase()}${notnull === 1 || pk > 0 ? '' : '?'}`,
    );
    const written = tablesOf(specification)
      .filter(({ head }) => head[0] === 'column')
      .flatMap(({ heading, rows: columns }) => columns.map((cells) => `${heading}.${typed(cells)}`));
    expect(written.sort()).toEqual(made.sort());
  });

  it('has the types that `ledger check` looks for: instants and JSON', () => {
    const columnsOf = (...types: string[]): string[] =>
      tablesOf(specification)
        .filter(({ head }) => head[0] === 'column')
        .flatMap(({ heading, rows }) =>
          rows
            .filter(([, type = '']) => types.includes(type.replace('?', '')))
            .map(([name = '']) => `${heading}.${name}`),
        )
        .sort();
    const listed = (tables: Record<string, readonly string[] | object>): string[] =>
      Object.entries(tables)
        .flatMap(([table, columns]) =>
          (Array.isArray(columns) ? (columns as string[]) : Object.keys(columns)).map(
            (each) => `${table}.${each}`,
          ),
        )
        .sort();
    expect(listed(instantColumns)).toEqual(columnsOf('instant'));
    expect(listed(jsonColumns)).toEqual(columnsOf('json', 'error'));
  });

  it('names every index that a new ledger has beside those of its keys', async () => {
    const { rows } = await sql<{
      name: string;
    }>`select name from sqlite_master where type = 'index' and sql is not null`.execute(ledger);
    const written = tableBelow(specification, 'Indexes', 'index').map(([name]) => name);
    expect(written.sort()).toEqual(rows.map(({ name }) => name).sort());
  });

  it('names every constraint that has a name', async () => {
    const { rows } = await sql<{ sql: string }>`select sql from sqlite_master where type = 'table'`.execute(
      ledger,
    );
    const names = rows.flatMap((row) =>
      [...row.sql.matchAll(/constraint "(\w+)" check/g)].map(([, name]) => name),
    );
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !specification.includes(`\`${String(name)}\``))).toEqual([]);
  });

  it('tells the version of the schema', async () => {
    const { rows } = await sql<{ name: string }>`select max(name) as name from kysely_migration`.execute(
      ledger,
    );
    expect(specification).toContain(`schema version \`${rows[0]?.name ?? ''}\``);
  });

  it('lists every kind of event', async () => {
    const source = await readFile(new URL('../../src/ledger/events.ts', import.meta.url), 'utf8');
    const kinds = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, kind]) => kind);
    expect(kinds).not.toEqual([]);
    const written = tableBelow(specification, 'events', 'kind').map(([kind]) => kind);
    expect(written.sort()).toEqual(kinds.sort());
  });

  it.each([
    ['Authorization: status', authorizationStatuses, authorizationStatusesBefore],
    ['Authorization: challenge', challengeProgresses, challengeProgressesBefore],
    ['Order: status', orderStatuses, orderStatusesBefore],
  ] as const)('draws the moves of "%s" as the program allows them', (heading, states, before) => {
    const written = tableBelow(specification, heading, 'from').map(
      ([from = '', to = '']) => `${from} -> ${to.split(', ').sort().join(', ')}`,
    );
    const allowed = states.map((from) => {
      const targets = states.filter(
        (to) => to !== from && (before as (to: string) => string[])(to).includes(from),
      );
      return `${from} -> ${targets.sort().join(', ')}`;
    });
    expect(written.sort()).toEqual(allowed.sort());
  });

  it('shows solver settings as the program writes them', () => {
    const shown = blocksOf(specification, 'jsonl').flatMap((block) => block.trim().split('\n'));
    const [ofSolvers, references] = [
      shown.filter((line) => !line.includes('"configuration"')),
      shown.filter((line) => line.includes('"configuration"')),
    ];
    expect(ofSolvers).toHaveLength(6);
    for (const line of ofSolvers) expect(solverSettings.parse(JSON.parse(line))).toEqual(JSON.parse(line));
    expect(references).toHaveLength(3);
    for (const line of references) {
      expect(keptProof(parseProof(JSON.parse(line) as object))).toEqual(JSON.parse(line));
    }
  });

  it('asks questions that a ledger answers', async () => {
    const questions = blocksOf(specification, 'sql')
      .flatMap((block) => block.split(';\n'))
      .filter((text) => text.trim() !== '');
    expect(questions.length).toBeGreaterThan(3);
    for (const question of questions) await sql.raw(question).execute(ledger);
  });
});

/** `name type?` from the first two cells of a row. */
function typed([name = '', type = '']: string[]): string {
  const optional = type.endsWith('?');
  const sqlType = sqlTypes[optional ? type.slice(0, -1) : type] ?? `unknown type ${type}`;
  return `${name} ${sqlType}${optional ? '?' : ''}`;
}
