import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';

/** How many of several rows with one name are told. */
export const shownMost = 10;

/**
 * The one row that has a name. @param rows the newest first; at most one more than is shown
 * @returns undefined when there is none
 * @throws AcmeLedgerError `usage` when several have it
 */
export function onlyOne<Row extends { id: number }>(
  rows: readonly Row[],
  { what, typed, told }: { what: 'order' | 'authz'; typed: string; told: (row: Row) => string },
): Row | undefined {
  const [first, second] = rows;
  if (first === undefined || second === undefined) return first;
  const noun = what === 'authz' ? 'authorizations' : 'orders';
  const more = rows.length > shownMost ? ', and older ones' : '';
  const name = shellWord(printable(typed));
  throw new AcmeLedgerError(
    'usage',
    `several ${noun} have the name ${printable(typed)}: ${rows.slice(0, shownMost).map(told).join(', ')}${more}`,
    {
      hint: `acme-ledger ${what} show ${String(first.id)} shows the newest, acme-ledger ${what} list --name ${name} all of them`,
    },
  );
}
