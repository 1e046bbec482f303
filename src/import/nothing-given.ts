import { clientHomes } from '../clients/client-accounts.ts';
import { certificateClients } from '../clients/client-certificates.ts';
import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import { shellWords } from '../shell-word.ts';

/** The error for an import that names neither a key file nor a client: which clients are here, and how to go on. */
export function nothingGiven(homes = clientHomes()): AcmeLedgerError {
  const there = homes.filter(({ isThere }) => isThere);
  const [first] = there;
  if (first === undefined) {
    const looked = homes.map(({ home }) => printable(home)).join(', ');
    return new AcmeLedgerError(
      'usage',
      `nothing says which account, and no other client has files here: ${looked}`,
      {
        hint: 'give a key file, or --import-accounts CLIENT:DIR; with nothing to take over, begin with acme-ledger issue NAME --webroot DIR',
      },
    );
  }
  const found = there.map(({ client, home }) => `${client} in ${printable(home)}`).join(', ');
  const certificates = certificateClients.includes(first.client) ? ['--certificates'] : [];
  const words = [first.client, ...certificates, '--dry-run'];
  return new AcmeLedgerError('usage', `nothing says which account; there is ${found}`, {
    hint: `to see what would be taken over: acme-ledger account import --import-accounts ${shellWords(words)}; or give a key file`,
  });
}
