import { systemClock } from '../../clock.ts';
import { accountAt, listAccounts } from '../../ledger/accounts.ts';
import { failingNames } from '../../ledger/names/failing-names.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { IdentifierRow } from '../../ledger/schema.ts';
import type { FailingNames } from './name-choice.ts';

/**
 * Errors that a CA finds when it looks at a challenge (RFC 8555 §6.7); other refusals have causes that can't
 * be seen from here.
 */
const ofTheChallenge = ['connection', 'dns', 'incorrectResponse', 'tls', 'unauthorized'].map(
  (type) => `urn:ietf:params:acme:error:${type}`,
);

/** Whether a test of the name's challenge from here says anything about why the name failed. */
export function isProbeable({ last_error }: Pick<IdentifierRow, 'last_error'>): boolean {
  if (last_error === null) return true;
  const { code, problem } = last_error;
  if (code === 'solver' || code === 'name-check') return true;
  if (code !== 'authorization-invalid') return false;
  // Boulder reports a CAA record that it couldn't look up like other faults of the DNS.
  return problem === null || (ofTheChallenge.includes(problem.type) && !problem.detail.includes('CAA'));
}

/** The names that fail, by the CA on whose account they fail. */
export async function failingByAuthority(ledger: Ledger): Promise<ReadonlyMap<string, FailingNames>> {
  const authorities = new Set((await listAccounts(ledger)).map(({ ca }) => ca));
  const found = new Map<string, FailingNames>();
  for (const ca of authorities) {
    const account = await accountAt(ledger, ca);
    const rows = account === undefined ? [] : await failingNames(ledger, account.id, systemClock.now());
    found.set(ca, new Map(rows.map((row) => [row.value, row])));
  }
  return found;
}
