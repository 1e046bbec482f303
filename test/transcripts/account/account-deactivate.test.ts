import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, jsonOf, newInstallation } from '../../support/installation.ts';
import { type ProxiedCa, startProxiedCa } from '../../support/stage.ts';

let ca: ProxiedCa;
let proxy: ProxiedCa['proxy'];
let here: Installation;

beforeAll(async () => {
  ca = await startProxiedCa();
  ({ proxy } = ca);
});

afterAll(() => ca.stop());

beforeEach(async () => {
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: ca.lab.caFile });
  expect(await here.run(['account', 'register'])).toMatchObject({ exitCode: 0 });
  proxy.resetCounts();
});

afterEach(() => here.remove());

describe('account deactivate', () => {
  it('says what it means and asks for --yes, then ends the account for good', async () => {
    expect(await here.run(['cert', 'add', 'a.test', '--webroot', here.webroot])).toMatchObject({
      exitCode: 0,
    });
    const asked = await here.run(['account', 'deactivate']);
    expect(asked).toMatchObject({ exitCode: 2, stdout: '' });
    expect(asked.stderr).toMatch(
      /^error: to deactivate account 1 at \S+ can't be undone; 1 certificate from there can't be renewed .*\nhint: .*: acme-ledger account deactivate 1 --yes\n$/,
    );
    expect(proxy.requests).toEqual([]);

    const done = await here.run(['account', 'deactivate', '1', '--yes']);
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(done.stdout).toMatch(/^account 1 at \S+: deactivated; nothing can be ordered/);
    expect(jsonOf(await here.run(['account', 'show', '1', '--json']))).toMatchObject({
      status: 'deactivated',
    });
    proxy.resetCounts();
    const again = await here.run(['account', 'deactivate', '1', '--yes']);
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('was ended before') as unknown,
    });
    expect(proxy.requests).toEqual([]);
    const renewed = await here.run(['renew']);
    expect(renewed.stderr).toContain('has deactivated the account');
    expect(await here.run(['ledger', 'check'])).toMatchObject({ exitCode: 0 });
  });

  it('is refused while an authorization is open, and for an account that is not there', async () => {
    here.change(
      `insert into authorizations (account_id, url, status, challenge, source, created_at, expires_at, identifier, identifier_type, wildcard)
       values (1, 'https://ca.test/authz/1', 'pending', 'none', 'discovered', '2026-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z', 'left.test', 'dns', 0)`,
    );
    const refused = await here.run(['account', 'deactivate', '--yes']);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^error: account 1 has 1 authorization and 0 orders open, .*\nhint: acme-ledger authz clear --all --ca \S+ settles them/,
    );
    const unknown = await here.run(['account', 'deactivate', '7', '--yes']);
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/no registered account 7\nhint: acme-ledger account list/);
    expect(proxy.requests).toEqual([]);
  });
});
