// acme-client's own auto(), as its README shows it: node auto.mjs DIRECTORY_URL CA_FILE STATE_DIR WEBROOT NAME...
// The account is registered in the first run and known by its URL afterwards; all keys are P-256.
import acme from 'acme-client';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import path from 'node:path';

const [directoryUrl, caFile, stateDir, webroot, ...names] = process.argv.slice(2);
acme.axios.defaults.httpsAgent = new https.Agent({ ca: await readFile(caFile), keepAlive: true });
await mkdir(stateDir, { recursive: true });
const accountFile = path.join(stateDir, 'account.json');
const account = JSON.parse(await readFile(accountFile, 'utf8').catch(() => 'null')) ?? {
  key: (await acme.crypto.createPrivateEcdsaKey()).toString(),
};

const client = new acme.Client({ directoryUrl, accountKey: account.key, accountUrl: account.url });
const [key, csr] = await acme.crypto.createCsr(
  { altNames: names },
  await acme.crypto.createPrivateEcdsaKey(),
);
const answers = path.join(webroot, '.well-known/acme-challenge');
const fileOf = (challenge) => path.join(answers, challenge.token);
await mkdir(answers, { recursive: true });

const chain = await client.auto({
  csr,
  email: 'bench@example.org',
  termsOfServiceAgreed: true,
  challengePriority: ['http-01'],
  // The names resolve for the CA alone, and the others don't look either.
  skipChallengeVerification: true,
  challengeCreateFn: (_authz, challenge, keyAuthorization) => writeFile(fileOf(challenge), keyAuthorization),
  challengeRemoveFn: (_authz, challenge) => rm(fileOf(challenge), { force: true }),
});

await writeFile(accountFile, JSON.stringify({ key: account.key, url: client.getAccountUrl() }), {
  mode: 0o600,
});
await writeFile(path.join(stateDir, `${names[0]}.key`), key, { mode: 0o600 });
await writeFile(path.join(stateDir, `${names[0]}.pem`), chain);
