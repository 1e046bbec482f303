// Registers an account, places an order and leaves it: node acme-client-order.mjs DIRECTORY_URL CA_FILE KEY_FILE NAME...
// Prints acme-client's debug log.
import acme from 'acme-client';
import { readFile, writeFile } from 'node:fs/promises';
import https from 'node:https';

const [directoryUrl, caFile, keyFile, ...names] = process.argv.slice(2);
acme.axios.defaults.httpsAgent = new https.Agent({ ca: await readFile(caFile) });
acme.setLogger((line) => process.stdout.write(`${line}\n`));
const accountKey = await acme.crypto.createPrivateEcdsaKey();
await writeFile(keyFile, accountKey, { mode: 0o600 });
const client = new acme.Client({ directoryUrl, accountKey });
await client.createAccount({ termsOfServiceAgreed: true });
const order = await client.createOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) });
await client.getAuthorizations(order);
