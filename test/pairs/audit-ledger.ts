import type { OrderAtCa } from '../crash/accounting.ts';
import type { Ledger } from './audit-arrival.ts';
import type { Finding } from './audit-finding.ts';

interface AuthorizationRow {
  url: string;
  status: string;
  challenge: string;
  /** An order that isn't concluded holds it until then. */
  kept_until: string | null;
  /** A killed run's, which nobody has taken over yet. */
  is_left: 0 | 1;
}

/** What is open at the CA when both have ended is the ledger's to know, and there for a reason. */
export function leaksOf(
  ledger: Ledger,
  orders: readonly OrderAtCa[],
  others: ReadonlySet<string>,
  lateOrder: number,
): Finding[] {
  const rows = ledger.rows<AuthorizationRow>(
    `select a.url, a.status, a.challenge, max(o.kept_until) as kept_until, max(o.id is ?) as is_left
     from authorizations a left join order_authorizations oa on oa.authorization_id = a.id
     left join orders o on o.id = oa.order_id and o.concluded_at is null group by a.id`,
    lateOrder,
  );
  const known = new Map(rows.map((row) => [pathOf(row.url), row]));
  const fromOthers = new Set([...others].map(pathOf));
  return openOf(orders).flatMap((path): Finding[] => {
    const row = known.get(path);
    if (row === undefined) {
      if (fromOthers.has(path)) return [];
      return [{ promise: 'leak', text: `${path} is open, and the ledger doesn't know it` }];
    }
    if (row.status !== 'pending')
      return [{ promise: 'ledger', text: `${path} is pending, in the ledger ${row.status}` }];
    const isMeant =
      row.kept_until !== null || row.is_left === 1 || row.challenge === 'submitted' || fromOthers.has(path);
    return isMeant ? [] : [{ promise: 'leak', text: `${path} is open, and nobody is to go on with it` }];
  });
}

/** When all has been cleared: nothing is open but what the ledger was never told of, and both say the same of each. */
export function differencesOf(
  ledger: Ledger,
  orders: readonly OrderAtCa[],
  others: ReadonlySet<string>,
): Finding[] {
  const rows = ledger.rows<{ url: string; status: string }>('select url, status from authorizations');
  const known = new Map(rows.map(({ url, status }) => [pathOf(url), status]));
  const fromOthers = new Set([...others].map(pathOf));
  const found = orders
    .flatMap(({ authorizations }) => authorizations)
    .flatMap(({ path, status }): Finding[] => {
      const told = known.get(path);
      if (told === undefined && fromOthers.has(path)) return [];
      if (status === 'pending') return [{ promise: 'leak', text: `${path} is still open after authz clear` }];
      if (told === status) return [];
      return [{ promise: 'ledger', text: `${path} is ${status}, in the ledger ${told ?? 'unknown'}` }];
    });
  return [...found, ...unfinishedOf(ledger)];
}

function unfinishedOf(ledger: Ledger): Finding[] {
  const wrong = [
    ...ledger
      .rows<{ integrity_check: string }>('pragma integrity_check')
      .map(({ integrity_check: line }) => line)
      .filter((line) => line !== 'ok'),
    ...ledger.rows<object>('pragma foreign_key_check').map((row) => JSON.stringify(row)),
    ...ledger
      .rows<object>(
        'select id, names, status, run_id from orders where concluded_at is null or run_id is not null',
      )
      .map((row) => `an order is unfinished: ${JSON.stringify(row)}`),
    ...ledger
      .rows<object>('select id, order_id, error from presentations where cleaned_at is null')
      .map((row) => `presented, by the ledger: ${JSON.stringify(row)}`),
  ];
  return wrong.map((text) => ({ promise: 'ledger', text }));
}

function openOf(orders: readonly OrderAtCa[]): string[] {
  const open = orders.flatMap(({ authorizations }) =>
    authorizations.filter(({ status }) => status === 'pending').map(({ path }) => path),
  );
  return [...new Set(open)];
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
