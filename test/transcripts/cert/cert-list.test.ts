import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import {
  type ListedLedger,
  authorities,
  failure,
  inDays,
  newListedLedger,
} from '../../support/listed-ledger.ts';
import { startOnTerminal } from '../../support/terminal.ts';

const detail =
  'DNS problem: NXDOMAIN looking up A for dead.shop.test - check that a DNS record exists for this domain';
const refusal = {
  ...failure('authorization-invalid', `the CA could not validate dead.shop.test: ${detail}`),
  problem: { type: 'urn:ietf:params:acme:error:dns', detail, status: 400, subproblems: [] },
};
const soon = inDays(1 / 24);

let here: ListedLedger;

beforeAll(async () => {
  here = await newListedLedger();
  await here.want(
    { name: 'well.test', names: ['well.test', 'www.well.test'] },
    { name: 'both.test', names: ['both.test', 'www.well.test', 'xn--bcher-kva.test'] },
    { name: 'ending.shop.test' },
    { name: 'dead.shop.test' },
    { name: 'other.test', ca: authorities.full },
  );
  await here.want({ name: 'wild', names: ['wild.test'] });
  here.change(`update certificates set names = '["*.wild.test","wild.test"]' where name = 'wild'`);
  await here.store('well.test', { since: 10, left: 80 });
  await here.store('both.test', { since: 20, left: 70 });
  await here.store('ending.shop.test', { since: 85, left: 5 });
  here.change(
    "update certificates set last_error = ?, last_attempt_at = ? where name = 'dead.shop.test'",
    JSON.stringify(refusal),
    inDays(-1),
  );
  here.fail('dead.shop.test', refusal, { next_attempt_at: soon, consecutive_failures: 3 });
  here.fail('gone.test', failure('solver', 'no such directory'), {
    suspended_at: inDays(-1),
    failing_since: inDays(-12),
    consecutive_failures: 9,
  });
});

afterAll(() => here.remove());

async function listed(...args: string[]): Promise<unknown[]> {
  return jsonLines(await here.run([...args, '--json'])).map(({ name }) => name);
}

describe('cert list', () => {
  it.each([
    [['--due'], ['dead.shop.test', 'ending.shop.test', 'other.test', 'wild']],
    [['--failing'], ['dead.shop.test']],
    [['--status', 'waiting'], ['dead.shop.test']],
    [
      ['--status', 'valid', '--sort', 'ends'],
      ['ending.shop.test', 'both.test', 'well.test'],
    ],
    [['--status', 'missing', '--name', '*.shop.test'], ['dead.shop.test']],
    [['--name', '*.wild.test'], ['wild']],
    [['--name', 'bücher.test'], ['both.test']],
    [['--ends-within', '30d'], ['ending.shop.test']],
    [
      ['--older-than', '15d'],
      ['both.test', 'ending.shop.test'],
    ],
    [['--ca', authorities.full], ['other.test']],
    [['--sort', 'ends', '--limit', '1', '--status', 'valid'], ['ending.shop.test']],
  ])('is asked by %j', async (args, names) => {
    expect(await listed('cert', 'list', ...args)).toEqual(names);
  });

  it.each([
    [['--status', 'odd'], /--status "odd" isn't there\nhint: there is: valid, expired, missing/],
    [['--sort', 'age'], /--sort "age" isn't there/],
    [['--ends-within', 'soon'], /--ends-within: "soon" isn't a duration/],
    [['--limit', '0'], /--limit "0" isn't a whole number/],
  ])('refuses %j', async (args, message) => {
    const refused = await here.run(['cert', 'list', ...args]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
  });

  it('cuts nothing in a pipe, and begins with the reason', async () => {
    const { stdout } = await here.run(['cert', 'list', '--failing']);
    expect(stdout).toContain(detail);
    expect(stdout).not.toContain('…');
  });

  it('is CSV with --csv, with a head also where there is none', async () => {
    const { stdout } = await here.run(['cert', 'list', '--csv', '--name', 'wild']);
    expect(stdout).toBe(
      'name,names,notAfter,dueAt,lastError,status,due,waitsUntil,ca\n' +
        `wild,*.wild.test wild.test,,,,missing,now,,${authorities.usual}\n`,
    );
    expect((await here.run(['cert', 'list', '--csv', '--name', 'none.test'])).stdout).toMatch(
      /^name,[^\n]+\n$/,
    );
  });

  it.each([60, 80, 160])('fits a terminal of %d columns, with the reasons', async (columns) => {
    const args = ['--state-dir', here.stateDir];
    for (const list of [
      ['cert', 'list'],
      ['name', 'list'],
      ['order', 'list'],
      ['account', 'list'],
    ]) {
      const terminal = startOnTerminal([...args, ...list], { columns });
      expect(await terminal.finished).toBe(0);
      const lines = terminal.lines();
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      if (list[0] === 'cert' || list[0] === 'name')
        expect(lines.find((line) => line.startsWith('dead.shop.test'))).toMatch(/ {2}DNS problem: NXDOMAIN/);
    }
  });
});

describe('a certificate', () => {
  it.each([
    ['*.wild.test', 'wild'],
    ['WILD.test', 'wild'],
    ['bücher.test', 'both.test'],
    ['well.test', 'well.test'],
  ])('is found by %s', async (typed, name) => {
    expect(jsonOf(await here.run(['cert', 'show', typed, '--json']))).toMatchObject({ name });
  });

  it('that is one of several with the name is asked for', async () => {
    const several = await here.run(['cert', 'show', 'www.well.test']);
    expect(several).toMatchObject({ exitCode: 2, stdout: '' });
    expect(several.stderr).toBe(
      'error: 2 certificates have the name www.well.test: both.test, well.test\n' +
        'hint: give the one that you mean, as in acme-ledger cert show both.test\n',
    );
    expect((await here.run(['cert', 'show', 'nowhere.test'])).stderr).toMatch(
      /has no certificate nowhere\.test/,
    );
  });

  it('shows how it is proven and deployed, what failed last, and what comes next', async () => {
    here.change(
      `update certificates set deploy_hook = 'systemctl reload nginx' where name in ('well.test', 'both.test')`,
    );
    here.change(
      "update certificates set deployed_at = null, last_error = ?, last_attempt_at = ? where name = 'both.test'",
      JSON.stringify(failure('deploy-hook', 'the deploy hook ended with 3')),
      '2026-01-02T03:04:05.000Z',
    );
    const well = (await here.run(['cert', 'show', 'well.test'])).stdout;
    expect(well).toMatch(/^ {2}proven {4}http-01 by webroot, not yet at this CA$/m);
    expect(well).toMatch(/^ {2}deploys {3}systemctl reload nginx$/m);
    expect(well).toMatch(/^ {2}deployed {2}20\d\d-\d\d-\d\dT\d\d:\d\dZ$/m);
    expect(well).toMatch(/^ {2}next {6}renewed from 20\d\d-\d\d-\d\dT\d\d:\d\dZ on$/m);
    const both = (await here.run(['cert', 'show', 'both.test'])).stdout;
    expect(both).toMatch(/^ {2}deployed {2}not yet, it failed at 2026-01-02T03:04Z$/m);
    expect(both).toMatch(/^ {2}last error {2}2026-01-02T03:04Z the deploy hook ended with 3$/m);
    expect(both).toMatch(/^ {2}next .*its deploy hook has yet to succeed$/m);
    const dead = (await here.run(['cert', 'show', 'dead.shop.test'])).stdout;
    expect(dead).toContain(
      `  next      due, as there is none yet, or its files are gone; it waits for names that failed lately until ${soon.slice(0, 16)}Z\n`,
    );
    expect(dead).toMatch(/^ {2}hint {6}acme-ledger name show dead\.shop\.test /m);
    here.change('update certificates set deploy_hook = null');
  });
});

describe('orders and authorizations', () => {
  it('are found by a name; of several the newest are told', async () => {
    expect(jsonOf(await here.run(['order', 'show', 'ending.shop.test', '--json']))).toMatchObject({
      certificateName: 'ending.shop.test',
    });
    const several = await here.run(['order', 'show', 'www.well.test']);
    expect(several.exitCode).toBe(2);
    expect(several.stderr).toMatch(
      /^error: several orders have the name www\.well\.test: 2 \(valid\), 1 \(valid\)\nhint: acme-ledger order show 2 shows the newest, acme-ledger order list --name www\.well\.test all of them\n$/,
    );
    here.change(
      `insert into authorizations (account_id, url, identifier, identifier_type, wildcard, status, challenge, source, created_at, submitted_at)
       values (1, 'https://usual.invalid/authz/1', 'wild.test', 'dns', 1, 'valid', 'submitted', 'order', ?, '2026-01-02T03:04:00.000Z')`,
      inDays(-1),
    );
    expect(jsonOf(await here.run(['authz', 'show', '*.wild.test', '--json']))).toMatchObject({
      wildcard: true,
    });
    expect((await here.run(['authz', 'show', 'wild.test'])).exitCode).toBe(2);
    expect(jsonLines(await here.run(['order', 'list', '--name', 'ending.*', '--json']))).toHaveLength(1);
    expect(
      (await here.run(['order', 'list', '--csv', '--older-than', '50d'])).stdout.split('\n'),
    ).toHaveLength(3);
  });
});

describe('names', () => {
  it.each([
    [[], ['dead.shop.test', 'gone.test']],
    [['--suspended'], ['gone.test']],
    [['--status', 'failing'], ['dead.shop.test']],
    [['--name', '*.shop.test'], ['dead.shop.test']],
    [['--older-than', '5d'], ['gone.test']],
    [['--due'], []],
    [
      ['--sort', 'failures'],
      ['gone.test', 'dead.shop.test'],
    ],
    [['--sort', 'since', '--limit', '1'], ['gone.test']],
  ])('are listed by %j', async (args, names) => {
    expect(await listed('name', 'list', ...args)).toEqual(names);
  });

  it('are shown one by one: failures, what the CA said, who wants it, what comes next and what to type', async () => {
    here.change(
      `insert into authorizations (account_id, url, identifier, identifier_type, wildcard, status, challenge, source, created_at, checked_at, error, submitted_at)
       values (1, 'https://usual.invalid/authz/9', 'dead.shop.test', 'dns', 0, 'invalid', 'submitted', 'order', ?, ?, ?, '2026-01-02T03:04:00.000Z')`,
      inDays(-1),
      '2026-01-02T03:04:05.000Z',
      JSON.stringify(refusal),
    );
    const { stdout } = await here.run(['name', 'show', 'DEAD.shop.test']);
    expect(stdout).toMatch(/^dead\.shop\.test\n {2}ca {12}https:\/\/usual/);
    expect(stdout).toMatch(/^ {2}status {8}failing, 3 failures in a row since 20/m);
    expect(stdout).toMatch(
      /^ {2}the CA said {3}2026-01-02T03:04Z .*NXDOMAIN.* \(acme-ledger authz show \d+\)$/m,
    );
    expect(stdout).toMatch(/^ {2}certificate {3}dead\.shop\.test: missing; due, /m);
    expect(stdout).toContain(`  next          ${soon.slice(0, 16)}Z: it is left alone until then`);
    expect(stdout).toMatch(/^ {2}type {10}acme-ledger name resume dead\.shop\.test$/m);
    const gone = jsonOf(await here.run(['name', 'show', 'gone.test', '--json']));
    expect(gone).toMatchObject({
      name: 'gone.test',
      accounts: [{ status: 'suspended', failures: 9 }],
      certificates: [],
      next: { command: 'acme-ledger name resume gone.test' },
    });
    const unknown = await here.run(['name', 'show', 'nobody.test']);
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/knows nothing of the name nobody\.test\nhint: acme-ledger name list/);
    expect((await here.run(['name', 'show', '*.wild.test'])).stdout).toContain(
      '  certificate   wild: missing; ',
    );
  });
});
