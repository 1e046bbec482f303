// acme-client's own auto() for many certificates in one process: node auto-many.mjs DIRECTORY_URL CA_FILE STATE_DIR WEBROOT
// CONCURRENCY, the names on stdin, one line a certificate. One client and one account for all; all keys are P-256.
import acme from 'acme-client';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pLimit from 'p-limit';

const [directoryUrl, caFile, stateDir, webroot, concurrency] = process.argv.slice(2);
const lines = (await text(process.stdin)).split('\n').filter((line) => line !== '');
acme.axios.defaults.httpsAgent = new https.Agent({ ca: await readFile(caFile), keepAlive: true });
const answers = path.join(webroot, '.well-known/acme-challenge');
await Promise.all([stateDir, answers].map((directory) => mkdir(directory, { recursive: true })));
const accountFile = path.join(stateDir, 'account.json');
const account = JSON.parse(await readFile(accountFile, 'utf8').catch(() => 'null')) ?? {
  key: (await acme.crypto.createPrivateEcdsaKey()).toString(),
};
const client = new acme.Client({ directoryUrl, accountKey: account.key, accountUrl: account.url });
const fileOf = (challenge) => path.join(answers, challenge.token);

async function obtain(names) {
  const [key, csr] = await acme.crypto.createCsr(
    { altNames: names },
    await acme.crypto.createPrivateEcdsaKey(),
  );
  const chain = await client.auto({
    csr,
    email: 'bench@example.org',
    termsOfServiceAgreed: true,
    challengePriority: ['http-01'],
    // The names resolve for the CA alone, and the others don't look either.
    skipChallengeVerification: true,
    challengeCreateFn: (_authz, challenge, keyAuthorization) =>
      writeFile(fileOf(challenge), keyAuthorization),
    challengeRemoveFn: (_authz, challenge) => rm(fileOf(challenge), { force: true }),
  });
  await writeFile(path.join(stateDir, `${names[0]}.key`), key, { mode: 0o600 });
  await writeFile(path.join(stateDir, `${names[0]}.pem`), chain);
}

const limit = pLimit(Number(concurrency));
await Promise.all(lines.map((line) => limit(() => obtain(line.split(' ')))));
await writeFile(accountFile, JSON.stringify({ key: account.key, url: client.getAccountUrl() }), {
  mode: 0o600,
});
