import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateAccountKey } from '../../src/acme/http/account-key.ts';
import { parseDirectory } from '../../src/acme/directory.ts';
import { type Session } from '../../src/acme/session.ts';
import { openSession } from '../../src/acme/open-session.ts';
import { madeUpClock } from './made-up-clock.ts';
import { directoryOf, soundBasics, startLoopbackCa, type LoopbackCa, type Reply } from './loopback-ca.ts';
import { freely } from '../support/freely.ts';

const accountKeyPem = generateAccountKey();
const clock = madeUpClock('2026-03-01T12:00:00Z');
let cacheDir: string;
let ca: LoopbackCa;
let directoryReply: Reply | undefined;

beforeEach(async () => {
  cacheDir = path.join(await mkdtemp(path.join(tmpdir(), 'acme-ledger-directory-')), 'cache');
  directoryReply = undefined;
  ca = await startLoopbackCa(
    (request, self) =>
      (request.path === '/directory' ? directoryReply : undefined) ??
      soundBasics(request, self) ?? { status: 404 },
  );
});

afterEach(async () => {
  await ca.stop();
  await rm(path.dirname(cacheDir), { recursive: true, force: true });
});

async function opened(directoryUrl = ca.directoryUrl): Promise<Session> {
  const session = await openSession({
    directoryUrl,
    accountKeyPem,
    accountUrl: `${ca.origin}/a`,
    cacheDir,
    clock,
    userAgent: 'x',
  });
  session.close();
  return session;
}

async function cacheFile(): Promise<string> {
  const [name = ''] = await readdir(cacheDir);
  return path.join(cacheDir, name);
}

test('entries that are not known are left out, those that are known are kept', async () => {
  const { directory } = await opened();
  expect(directory).toEqual({
    newNonce: `${ca.origin}/nonce`,
    newAccount: `${ca.origin}/account`,
    newOrder: `${ca.origin}/order`,
    revokeCert: `${ca.origin}/revoke`,
    keyChange: null,
    renewalInfo: null,
    meta: {
      termsOfService: 'https://ca.example/terms',
      website: null,
      caaIdentities: [],
      externalAccountRequired: false,
      profiles: {},
    },
  });
});

test('a second session within a day takes the directory from disk, a later one asks again', async () => {
  const first = await opened();
  expect((await opened()).directory).toEqual(first.directory);
  expect(ca.to('/directory')).toHaveLength(1);
  clock.pass(25 * 3600_000);
  await opened();
  expect(ca.to('/directory')).toHaveLength(2);
  expect(await readdir(cacheDir)).toHaveLength(1);
});

test.for([
  ['cut off', (text: string) => text.slice(0, 40)],
  ['of another CA', (text: string) => text.replace('/directory"', '/elsewhere"')],
  ['from the future', (text: string) => text.replace('"fetchedAt":"2', '"fetchedAt":"3')],
  ['without an order URL', (text: string) => text.replace('newOrder', 'oldOrder')],
] as const)('a cached directory that is %s is not used', async ([, spoil]) => {
  await opened();
  const file = await cacheFile();
  await writeFile(file, spoil(await readFile(file, 'utf8')));
  await opened();
  expect(ca.to('/directory')).toHaveLength(2);
});

test('a cache that cannot be written does no harm', async () => {
  await writeFile(cacheDir, 'a file where the folder should be');
  expect((await opened()).directory.newOrder).toBe(`${ca.origin}/order`);
  await chmod(cacheDir, 0o600);
});

test('a directory whose URLs are gone is asked for anew by the next session', async () => {
  const session = await openSession({
    directoryUrl: ca.directoryUrl,
    accountKeyPem,
    accountUrl: `${ca.origin}/a`,
    cacheDir,
    clock,
    userAgent: 'x',
  });
  await expect(session.newOrder({ identifiers: [] }, freely)).rejects.toThrow('404');
  session.close();
  await opened();
  expect(ca.to('/directory')).toHaveLength(2);
});

test.for([
  ['a page', { body: '<html>hello</html>' }, 'not-acme'],
  ['another JSON', { body: { newOrder: 'https://ca.example/o' } }, 'not-acme'],
  ['plain http elsewhere', { body: directoryOf('http://ca.example') }, 'not-acme'],
  ['404', { status: 404 }, 'not-acme'],
  ['503', { status: 503 }, 'ca-limit'],
  ['500', { status: 500 }, 'ca-answer'],
] as const)('%s is %s, and nothing is kept of it', async ([, reply, code]) => {
  directoryReply = reply;
  await expect(opened()).rejects.toMatchObject({ code });
  await expect(readdir(cacheDir)).rejects.toThrow('ENOENT');
  await expect.poll(() => ca.openConnections()).toBe(0);
});

test('a CA that is not there is unreachable', async () => {
  await ca.stop();
  await expect(opened()).rejects.toMatchObject({ code: 'ca-unreachable' });
});

test('meta of any shape is read as far as it goes', () => {
  const meta = {
    profiles: { a: 'A\u0007', b: 4 },
    caaIdentities: ['x', 5],
    termsOfService: [],
    externalAccountRequired: 'yes',
  };
  expect(parseDirectory({ ...directoryOf('https://ca.example'), meta })?.meta).toEqual({
    termsOfService: null,
    website: null,
    caaIdentities: ['x'],
    externalAccountRequired: false,
    profiles: { a: 'A\\x07', b: '' },
  });
});
