import { spawn, type ChildProcess } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { generateKey, pemOf } from '../../src/certificates/key.ts';
import { readStored, storeCertificate } from '../../src/certificates/store.ts';
import { bundledScript } from '../support/bundled-script.ts';
import { makeAuthority } from './authority.ts';
import { makeScratchDirectory } from './scratch-directory.ts';

const rounds = 4;
const storeLoop = bundledScript(new URL('./store-crash-loop.ts', import.meta.url));

it(
  'has four files that belong together while two processes store, and after both were killed',
  { timeout: 180_000 },
  async () => {
    const scratch = await makeScratchDirectory();
    const stateDir = join(scratch, 'state');
    const setsFile = join(scratch, 'sets.json');
    const sets = await makeSets();
    await writeFile(setsFile, JSON.stringify(sets));
    for (let round = 0; round < rounds; round += 1) {
      const writers = await Promise.all([startWriter(stateDir, setsFile), startWriter(stateDir, setsFile)]);
      const killed = killSoon(writers);
      // What a web server would load at any moment, while they write and after they died.
      do await assertSetMatches(stateDir);
      while (writers.some(({ signalCode }) => signalCode === null));
      await killed;
      await assertSetMatches(stateDir);
    }
    const [set] = sets;
    await storeCertificate(stateDir, 'example.com', set!);
    expect(await readStored(stateDir, 'example.com')).not.toBeNull();
    expect(await readdir(join(stateDir, 'certificates'))).toEqual(['example.com']);
  },
);

async function makeSets(): Promise<{ chainPem: string; keyPem: string }[]> {
  const authorities = await Promise.all([makeAuthority('Root A', 'Sub A'), makeAuthority('Root B', 'Sub B')]);
  return Promise.all(
    authorities.map(async (authority) => {
      const keyPem = pemOf(await generateKey('ec256'));
      return { keyPem, chainPem: await authority.issue({ names: ['example.com'], keyPem }) };
    }),
  );
}

async function startWriter(stateDir: string, setsFile: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [await storeLoop, stateDir, setsFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function killSoon(writers: ChildProcess[]): Promise<void> {
  for (const writer of writers) {
    await delay(30 + Math.random() * 100);
    await kill(writer);
  }
}

async function kill(writer: ChildProcess): Promise<void> {
  const exited = once(writer, 'exit');
  writer.kill('SIGKILL');
  const [, signal] = (await exited) as [number | null, string | null];
  // A writer that had ended by itself would have proved nothing.
  expect(signal).toBe('SIGKILL');
}

async function assertSetMatches(stateDir: string): Promise<void> {
  const directory = await realpath(join(stateDir, 'certificates', 'example.com'));
  const read = (file: string) => readFile(join(directory, file), 'utf8');
  const [cert, chain, fullchain, privkey] = await Promise.all(
    ['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem'].map(read),
  );
  const leaf = new X509Certificate(cert!);
  expect(fullchain).toBe(cert! + chain!);
  expect(leaf.checkPrivateKey(createPrivateKey(privkey!))).toBe(true);
  expect(leaf.verify(new X509Certificate(chain!).publicKey)).toBe(true);
}
