import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientAccounts, ClientName } from '../../src/clients/client-accounts.ts';
import { accountsOfClient } from '../../src/clients/client-accounts.ts';
import { newWorkspace, type Workspace } from '../support/workspace.ts';

let here: Workspace;

beforeEach(async () => {
  here = await newWorkspace();
});

afterEach(async () => {
  await here.remove();
});

const key = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pkcs8 = (of: KeyObject): string => of.export({ type: 'pkcs8', format: 'pem' }).toString();
const sec1 = (of: KeyObject): string => of.export({ type: 'sec1', format: 'pem' }).toString();
const jwk = (of: KeyObject): object => of.export({ format: 'jwk' });

async function put(files: Record<string, string | object | Buffer>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = here.file(name);
    await mkdir(path.dirname(file), { recursive: true });
    const isText = typeof content === 'string' || Buffer.isBuffer(content);
    await writeFile(file, isText ? content : JSON.stringify(content));
  }
}

function accountsOf(client: ClientName, directory?: string): Promise<ClientAccounts> {
  return accountsOfClient(client, directory, { home: here.file('home'), cwd: here.directory, env: {} });
}

/** What was found, without keys. */
async function placesOf(client: ClientName, directory: string): Promise<unknown[]> {
  const { accounts, unreadable } = await accountsOf(client, directory);
  expect(unreadable).toEqual([]);
  return accounts.map(({ file, directoryUrl, serverHost, accountUrl }) => ({
    file: path.relative(here.directory, file),
    server: directoryUrl ?? serverHost,
    accountUrl,
  }));
}

describe('accountsOfClient', () => {
  it('reads certbot: several servers, and accounts that an old server shares with its successor once', async () => {
    const [a, b] = [key(), key()];
    const id = 'ab12'.repeat(8);
    await put({
      [`c/accounts/acme-v01.api.letsencrypt.org/directory/${id}/private_key.json`]: jwk(a),
      [`c/accounts/acme-v01.api.letsencrypt.org/directory/${id}/regr.json`]: {
        body: {},
        uri: 'https://acme-v02.api.letsencrypt.org/acme/acct/1',
      },
      [`c/accounts/localhost:14000/dir/${id}/private_key.json`]: jwk(b),
      [`c/accounts/localhost:14000/dir/${id}/meta.json`]: {},
      'c/live/example.test/privkey.pem': pkcs8(b),
    });
    await mkdir(here.file('c/accounts/acme-v02.api.letsencrypt.org'));
    await symlink(
      here.file('c/accounts/acme-v01.api.letsencrypt.org/directory'),
      here.file('c/accounts/acme-v02.api.letsencrypt.org/directory'),
    );
    expect(await placesOf('certbot', 'c')).toEqual([
      {
        file: `c/accounts/acme-v01.api.letsencrypt.org/directory/${id}/private_key.json`,
        server: 'https://acme-v02.api.letsencrypt.org/directory',
        accountUrl: 'https://acme-v02.api.letsencrypt.org/acme/acct/1',
      },
      {
        file: `c/accounts/localhost:14000/dir/${id}/private_key.json`,
        server: 'https://localhost:14000/dir',
        accountUrl: null,
      },
    ]);
    const { accounts } = await accountsOf('certbot', 'c');
    expect(accounts.map(({ keyPem }) => keyPem)).toEqual([a, b].map(pkcs8));
  });

  it('reads lego 4, where only the host of the server is known, and lego 5', async () => {
    const uri = 'https://localhost:14000/my-account/1';
    await put({
      'l/accounts/localhost_14000/a@b.test/keys/a@b.test.key': sec1(key()),
      'l/accounts/localhost_14000/a@b.test/account.json': {
        email: 'a@b.test',
        registration: { body: {}, uri },
      },
      'l/accounts/ca.test_443/none@b.test/keys/none@b.test.key': sec1(key()),
      'l/accounts/five.test/main/main.key': pkcs8(key()),
      'l/accounts/five.test/main/account.json': {
        id: 'main',
        server: 'https://five.test/acme/directory',
        registration: { status: 'valid', accountURL: 'https://five.test/acct/5' },
      },
      'l/certificates/example.test.key': sec1(key()),
    });
    expect(await placesOf('lego', 'l')).toEqual([
      {
        file: 'l/accounts/ca.test_443/none@b.test/keys/none@b.test.key',
        server: 'ca.test',
        accountUrl: null,
      },
      {
        file: 'l/accounts/five.test/main/main.key',
        server: 'https://five.test/acme/directory',
        accountUrl: 'https://five.test/acct/5',
      },
      {
        file: 'l/accounts/localhost_14000/a@b.test/keys/a@b.test.key',
        server: 'localhost:14000',
        accountUrl: uri,
      },
    ]);
  });

  it('reads acme.sh: the port stands in ca.conf alone, and what it deactivated is left out', async () => {
    const url = 'https://localhost:14000/my-account/2';
    await put({
      's/ca/localhost/dir/account.key': `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1(key())}`,
      's/ca/localhost/dir/ca.conf': `CA_KEY_HASH='x'\nACCOUNT_URL='${url}'\n`,
      's/ca/localhost/dir/deactivated/7/account.key': sec1(key()),
      's/ca/acme.zerossl.com/v2/DV90/account.key': sec1(key()),
      's/ca/old.test/account.key': sec1(key()),
      's/example.test_ecc/example.test.key': sec1(key()),
    });
    expect(await placesOf('acme.sh', 's')).toEqual([
      {
        file: 's/ca/acme.zerossl.com/v2/DV90/account.key',
        server: 'https://acme.zerossl.com/v2/DV90',
        accountUrl: null,
      },
      { file: 's/ca/localhost/dir/account.key', server: 'https://localhost:14000/dir', accountUrl: url },
      { file: 's/ca/old.test/account.key', server: 'old.test', accountUrl: null },
    ]);
  });

  it('reads dehydrated, whose folders are named by what the shell makes of the directory URL', async () => {
    const named = execFileSync('sh', [
      '-c',
      `echo "https://ca.test/dir?x=~~~" | openssl base64 -e | tr -d '\\n\\r' | sed -e 's:=*$::g' -e 'y:+/:-_:'`,
    ]).toString();
    await put({
      [`d/accounts/${named}/account_key.pem`]: pkcs8(key()),
      [`d/accounts/${named}/account_id.json`]: { url: 'https://ca.test/acct/3' },
    });
    expect(await placesOf('dehydrated', 'd')).toEqual([
      {
        file: `d/accounts/${named}/account_key.pem`,
        server: 'https://ca.test/dir?x=~~~',
        accountUrl: 'https://ca.test/acct/3',
      },
    ]);
  });

  it('reads Caddy: a directory URL only where its folder leaves no doubt', async () => {
    const user = (host: string): object => ({ status: 'valid', location: `https://${host}/acct/4` });
    await put({
      'y/acme/localhost-14000-dir/users/default/default.key': sec1(key()),
      'y/acme/localhost-14000-dir/users/default/default.json': user('localhost:14000'),
      'y/acme/acme.zerossl.com-v2-dv90/users/a@b.test/a.key': sec1(key()),
      'y/acme/acme.zerossl.com-v2-dv90/users/a@b.test/a.json': user('acme.zerossl.com'),
      'y/certificates/localhost-14000-dir/example.test/example.test.key': sec1(key()),
    });
    expect(await placesOf('caddy', 'y')).toEqual([
      {
        file: 'y/acme/acme.zerossl.com-v2-dv90/users/a@b.test/a.key',
        server: 'acme.zerossl.com',
        accountUrl: 'https://acme.zerossl.com/acct/4',
      },
      {
        file: 'y/acme/localhost-14000-dir/users/default/default.key',
        server: 'https://localhost:14000/dir',
        accountUrl: 'https://localhost:14000/acct/4',
      },
    ]);
  });

  it('reads Posh-ACME, also in the UTF-16 of Windows PowerShell', async () => {
    const account = { location: 'https://ca.test/acct/5', key: jwk(key()), status: 'valid' };
    await put({
      'p/LE_PROD/dir.json': { location: 'https://ca.test/directory', newOrder: 'x' },
      'p/LE_PROD/5/acct.json': Buffer.from(`\ufeff${JSON.stringify(account)}`, 'utf16le'),
    });
    expect(await placesOf('posh-acme', 'p')).toEqual([
      {
        file: 'p/LE_PROD/5/acct.json',
        server: 'https://ca.test/directory',
        accountUrl: 'https://ca.test/acct/5',
      },
    ]);
  });

  it('reads uacme, which tells no server, and acmetool', async () => {
    await put({
      'u/private/key.pem': pkcs8(key()),
      'u/private/example.test/key.pem': pkcs8(key()),
      't/accounts/ca.test%2facme%2fdirectory/abc/privkey': sec1(key()),
      't/accounts/http:localhost%3a4000%2fdir/abc/privkey': sec1(key()),
      't/keys/abc/privkey': sec1(key()),
    });
    expect(await placesOf('uacme', 'u')).toEqual([
      { file: 'u/private/key.pem', server: null, accountUrl: null },
    ]);
    expect(await placesOf('acmetool', 't')).toMatchObject([
      { server: 'https://ca.test/acme/directory' },
      { server: 'http://localhost:4000/dir' },
    ]);
  });

  it('looks where a client has its files by itself, and says where when there are none', async () => {
    await put({ '.lego/accounts/ca.test/a@b.test/keys/a@b.test.key': sec1(key()) });
    expect((await accountsOf('lego')).accounts).toHaveLength(1);
    await expect(accountsOf('caddy')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(here.file('home/.local/share/caddy')) as unknown,
      hint: expect.stringContaining('caddy:DIR') as unknown,
    });
  });

  it('goes on past files that are no keys, too long, pipes, and links in circles', async () => {
    const id = (n: number): string => `c/accounts/ca.test/dir/${String(n).repeat(32)}`;
    await put({
      [`${id(1)}/private_key.json`]: jwk(key()),
      [`${id(2)}/private_key.json`]: 'rubbish',
      [`${id(3)}/private_key.json`]: `${JSON.stringify(jwk(key()))}${' '.repeat(70_000)}`,
      [`${id(4)}/regr.json`]: {},
      [`outside/dir/${'5'.repeat(32)}/private_key.json`]: jwk(key()),
    });
    execFileSync('mkfifo', [here.file(`${id(4)}/private_key.json`)]);
    await symlink('..', here.file('c/accounts/ca.test/dir/loop'));
    await symlink(here.file('outside'), here.file('c/accounts/outside.test'));
    const { accounts, unreadable } = await accountsOf('certbot', 'c');
    expect(accounts.map(({ file }) => file)).toEqual([here.file(`${id(1)}/private_key.json`)]);
    expect(unreadable.map(({ file }) => file)).toEqual(
      [2, 3, 4].map((n) => here.file(`${id(n)}/private_key.json`)),
    );
  });
});
