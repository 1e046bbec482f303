import { timeText } from '../../clock.ts';
import type { AccountRow, IdentifierRow } from '../../ledger/schema.ts';
import { printable } from '../../printable.ts';

interface NameVariable {
  what: string;
  valueOf: (event: string, account: AccountRow, row: IdentifierRow) => string;
}

/** The environment of the name hook. */
export const nameVariables: Readonly<Record<string, NameVariable>> = {
  ACME_LEDGER_EVENT: { what: 'the first argument', valueOf: (event) => event },
  ACME_LEDGER_NAME: { what: 'the name', valueOf: (_, _account, { value }) => value },
  ACME_LEDGER_CA: { what: 'the directory URL of the CA', valueOf: (_, { ca }) => ca },
  ACME_LEDGER_ERROR: {
    what: 'why it fails; empty for a name that is well again',
    valueOf: (_, _account, { last_error }) => (last_error === null ? '' : printable(last_error.message)),
  },
  ACME_LEDGER_FAILURES: {
    what: 'how many times in a row',
    valueOf: (_, _account, { consecutive_failures }) => String(consecutive_failures),
  },
  ACME_LEDGER_FAILING_SINCE: {
    what: 'since when',
    valueOf: (_, _account, { failing_since }) => timeText(failing_since),
  },
  ACME_LEDGER_NEXT_ATTEMPT_AT: {
    what: 'when it is tried again; empty for a suspended name',
    valueOf: (_, _account, { suspended_at, next_attempt_at }) =>
      suspended_at === null ? timeText(next_attempt_at) : '',
  },
};

export function nameHookEnvironment(
  event: string,
  account: AccountRow,
  row: IdentifierRow,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(nameVariables).map(([name, { valueOf }]) => [name, valueOf(event, account, row)]),
  );
}
