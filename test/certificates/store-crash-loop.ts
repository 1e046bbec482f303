// Stores two certificates in turn, until it is killed, or for a minute: store-crash.test.ts kills it.
import { readFile } from 'node:fs/promises';
import { storeCertificate } from '../../src/certificates/store.ts';

const [stateDir = '', setsFile = ''] = process.argv.slice(2);
const sets = JSON.parse(await readFile(setsFile, 'utf8')) as { chainPem: string; keyPem: string }[];
for (let turn = 0; performance.now() < 60_000; turn += 1) {
  const set = sets[turn % sets.length];
  if (set === undefined) break;
  await storeCertificate(stateDir, 'example.com', set);
  if (turn === 0) console.log('storing');
}
