import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LeavingClient, assertOutcome, runClient } from './client-run.ts';

const script = fileURLToPath(new URL('acme-client-order.mjs', import.meta.url));

/** A program with acme-client that ends once it has looked at its authorizations; its log is acme-client's debug log. */
export const acmeClient: LeavingClient = async ({ directoryUrl, caFile, directory }, names) => {
  const [logFile, keyFile] = [path.join(directory, 'debug.log'), path.join(directory, 'account.pem')];
  const args = [script, directoryUrl, caFile, keyFile, ...names];
  await assertOutcome(await runClient({ program: process.execPath, args, logFile }), 0, logFile);
  return { logFile, configDirectory: directory, accountKeyFile: keyFile };
};
