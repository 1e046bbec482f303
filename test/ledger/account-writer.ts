// Opens a ledger, writes one account into it and ends; an error goes to stderr as JSON. sqlite/open-sqlite.test.ts starts several at once.
import { systemClock } from '../../src/clock.ts';
import { errorRecord } from '../../src/errors.ts';
import { insertAccount } from '../../src/ledger/accounts.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/open-sqlite.ts';

const [file = '', ca = ''] = process.argv.slice(2);
try {
  const ledger = await openSqliteLedger(file);
  const account = { ca, keyFile: 'key.pem', keyThumbprint: ca.slice(0, 100), email: null };
  await insertAccount({ ledger, runId: 'writer', clock: systemClock }, account);
  await ledger.destroy();
} catch (error) {
  console.error(JSON.stringify(errorRecord(error)));
  process.exitCode = 1;
}
