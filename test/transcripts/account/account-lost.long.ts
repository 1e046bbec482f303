import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../support/fault.ts';
import { type Installation, jsonLines, jsonOf, newInstallation } from '../../support/installation.ts';
import { existingAccount } from '../../support/lab-account.ts';
import { type ProxiedCa, startProxiedCa } from '../../support/stage.ts';

interface AccountRow {
  id: number;
  url: string;
  key_file: string;
  status: string;
}

let ca: ProxiedCa;
let lab: ProxiedCa['lab'];
let proxy: ProxiedCa['proxy'];
let here: Installation;

beforeAll(async () => {
  ca = await startProxiedCa();
  ({ lab, proxy } = ca);
});

afterAll(() => ca.stop());

beforeEach(async () => {
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
  proxy.setFault();
});

afterEach(async () => {
  await here.remove();
});

const standalone = (): string[] => ['--solver', 'standalone', '--listen', `127.0.0.1:${lab.httpPort}`];

function accounts(): AccountRow[] {
  return here.rows<AccountRow>('select id, url, key_file, status from accounts order by id');
}

async function deactivateAtCa(): Promise<void> {
  const [account] = accounts();
  const keyPem = await readFile(path.join(here.stateDir, account!.key_file), 'utf8');
  const ca = { directoryUrl: proxy.directoryUrl, caPem: lab.caPem };
  const answer = await existingAccount(ca, keyPem, account!.url).post(account!.url, {
    status: 'deactivated',
  });
  expect(answer.status).toBe(200);
}

/** As Boulder answers (wfe2), whatever Pebble's own words are. */
function refuseAsBoulder(type: string, detail: string, status: number): void {
  proxy.setFault(({ kind }) =>
    ['directory', 'newNonce', 'newAccount'].includes(kind) ? undefined : problem(type, detail, status),
  );
}

function problem(type: string, detail: string, status: number): Fault {
  return {
    type: 'answer',
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail, status }),
  };
}

const signed = (): number =>
  proxy.requests.filter(({ kind }) => kind !== 'directory' && kind !== 'newNonce').length;

describe('an account that the CA has deactivated', () => {
  it('ends a run in one message, is shown as such, and is never asked again', async () => {
    expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
    await deactivateAtCa();
    const result = await here.run(['issue', 'gone.test', ...standalone()]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(
      /^error: .*has deactivated the account https.*\nhint: acme-ledger account register --ca \S+ makes a new account.*\ngone\.test stays wanted: .*acme-ledger cert remove gone\.test ends that\n$/,
    );
    expect((await here.run(['account', 'list'])).stdout).toMatch(/ deactivated /);
    expect((await here.run(['status'])).stdout).toMatch(
      /account {2}https\S+ \(deactivated: acme-ledger account register/,
    );
    const before = signed();
    const again = await here.run(['issue', 'gone.test', ...standalone()]);
    expect(again.exitCode).toBe(1);
    expect(again.stderr.split('\n').sort()).toEqual(result.stderr.split('\n').sort());
    expect(signed()).toBe(before);
  });

  it('is replaced by account register with a new key, what it left open is told, and orders go on', async () => {
    expect(await here.run(['issue', 'first.test', ...standalone()])).toMatchObject({ exitCode: 0 });
    const [old] = accounts();
    await deactivateAtCa();
    here.change(
      `insert into authorizations (account_id, url, status, challenge, source, created_at, expires_at, identifier, identifier_type, wildcard)
       values (?, 'https://ca.test/authz/1', 'pending', 'none', 'discovered', '2026-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z', 'left.test', 'dns', 0)`,
      old!.id,
    );
    const registered = await here.run(['account', 'register', '--json']);
    expect(registered.exitCode).toBe(0);
    expect(registered.stderr).toMatch(/has deactivated the account/);
    expect(registered.stderr).toMatch(
      /1 authorization of account 1, which the CA has ended, can't be closed any more: they end by expiring, the last at 2999/,
    );
    expect(jsonOf(registered)).toMatchObject({ id: 2, status: 'valid' });
    const [, fresh] = accounts();
    expect(fresh!.url).not.toBe(old!.url);
    expect(await readFile(path.join(here.stateDir, fresh!.key_file), 'utf8')).not.toBe(
      await readFile(path.join(here.stateDir, old!.key_file), 'utf8'),
    );
    expect(await here.run(['renew', '--all'])).toMatchObject({ exitCode: 0 });
    expect(await here.run(['ledger', 'check'])).toMatchObject({ exitCode: 0 });
    // Asked again, it is the same account.
    expect(jsonOf(await here.run(['account', 'register', '--json']))).toMatchObject({
      id: 2,
      url: fresh!.url,
    });
  });

  it('fails a renewal of many in one line, with at most as many requests as were under way', async () => {
    expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
    const list = here.file('list.ndjson');
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}.test`);
    await writeFile(
      list,
      names
        .map((name) =>
          JSON.stringify({
            names: [name],
            challenge: 'http-01',
            solver: 'standalone',
            listen: `127.0.0.1:${lab.httpPort}`,
          }),
        )
        .join('\n'),
    );
    expect(await here.run(['cert', 'import', list])).toMatchObject({ exitCode: 0 });
    refuseAsBoulder('unauthorized', 'Account is not valid, has status "deactivated"', 403);
    proxy.resetCounts();
    const result = await here.run(['renew', '--concurrency', '4']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(
      /^error: 30 certificates: failed, .*has deactivated the account \S+: nothing can be ordered.*\nhint: acme-ledger account register .*\n30 due: .*30 failed.*\n$/,
    );
    expect(proxy.counts.newOrder).toBeLessThanOrEqual(4);
    const again = await here.run(['renew', '--json']);
    expect(jsonLines(again).at(-1)).toEqual({ summary: expect.objectContaining({ failed: 30 }) as unknown });
    expect(proxy.counts.newOrder).toBeLessThanOrEqual(4);
  });

  it('revokes with the key of the certificate itself (RFC 8555 §7.6)', async () => {
    expect(await here.run(['issue', 'revoke.test', ...standalone()])).toMatchObject({ exitCode: 0 });
    await deactivateAtCa();
    const [account] = accounts();
    // Pebble lets a deactivated account revoke; Boulder doesn't.
    proxy.setFault(({ kind, account: by }) =>
      kind === 'revoke' && by === account!.url
        ? problem('unauthorized', 'Account is not valid, has status "deactivated"', 403)
        : undefined,
    );
    const result = await here.run(['cert', 'revoke', 'revoke.test', '--reason', 'superseded']);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/^revoke\.test: revoked; the next acme-ledger renew replaces it\n/);
    expect(result.stderr).toMatch(/revoking with the key of the certificate itself/);
    expect(await here.run(['cert', 'revoke', 'revoke.test'])).toMatchObject({ exitCode: 0 });
  });

  it('ends a clean-up at once: its authorizations are never told of as foreign', async () => {
    expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
    const [account] = accounts();
    here.change(
      `insert into authorizations (account_id, url, status, challenge, source, created_at, expires_at, identifier, identifier_type, wildcard)
       values (?, ?, 'pending', 'none', 'discovered', '2026-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z', 'left.test', 'dns', 0)`,
      account!.id,
      new URL('/authZ/1', proxy.directoryUrl).href,
    );
    refuseAsBoulder('unauthorized', 'Account is not valid, has status "deactivated"', 403);
    const result = await here.run(['authz', 'clear', '--all']);
    expect(result.exitCode).toBe(1);
    expect(result.stdout).not.toContain('foreign');
    expect(result.stderr).toContain('has deactivated the account');
  });
});

describe('an account that the CA does not know', () => {
  it('is recorded, and replaced by account register', async () => {
    expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
    refuseAsBoulder('accountDoesNotExist', 'Account "https://ca.test/acct/1" not found', 400);
    const result = await here.run(['issue', 'unknown.test', ...standalone()]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toMatch(/^error: .*doesn't know the account/);
    expect(accounts()[0]).toMatchObject({ status: 'unknown' });
    proxy.setFault();
    expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
    expect(await here.run(['issue', 'unknown.test', ...standalone()])).toMatchObject({ exitCode: 0 });
  });
});

describe('the key and the address of an account', () => {
  it('another key in the account’s file is named before anything is sent, and by ledger check', async () => {
    expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
    const file = path.join(here.stateDir, accounts()[0]!.key_file);
    const other = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
    await other.run(['account', 'register']);
    const [otherKey] = other.rows<AccountRow>('select key_file from accounts');
    await writeFile(file, await readFile(path.join(other.stateDir, otherKey!.key_file)));
    await other.remove();
    const before = proxy.requests.length;
    const result = await here.run(['issue', 'key.test', ...standalone()]);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain('holds another key than that of the account');
    expect(proxy.requests.length).toBe(before);
    const check = await here.run(['ledger', 'check']);
    expect(check.exitCode).toBe(1);
    expect(check.stdout + check.stderr).toContain('holds another key than that of the account');
  });

  it('a new e-mail address is set at the CA', async () => {
    expect(await here.run(['account', 'register', '--email', 'old@mail.test'])).toMatchObject({
      exitCode: 0,
    });
    const result = await here.run(['account', 'register', '--email', 'new@mail.test', '--json']);
    expect(jsonOf(result)).toMatchObject({ email: 'new@mail.test' });
    const [account] = accounts();
    const keyPem = await readFile(path.join(here.stateDir, account!.key_file), 'utf8');
    const ca = { directoryUrl: proxy.directoryUrl, caPem: lab.caPem };
    const { body } = await existingAccount(ca, keyPem, account!.url).post(account!.url);
    expect(JSON.parse(body)).toMatchObject({ contact: ['mailto:new@mail.test'] });
  });
});
