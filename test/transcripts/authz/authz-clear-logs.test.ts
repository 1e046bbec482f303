import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabAccount, registerAccount } from '../../support/lab-account.ts';
import { runProgram } from '../../support/program.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { action, askedOf, bait, certbotLog, given, parted, statesOf, twoClients } from './clear-stage.ts';
import type { LeakLab, ListedAuthz } from '../leak/leak-lab.ts';
import { expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';
import { text } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

describe('authz clear --from-log', { concurrent: true, timeout: 180_000 }, () => {
  it("brings another client's account to zero by its log and its key, sends nothing elsewhere, and asks for nothing twice", async () => {
    const { customer, other, keyFile } = await twoClients(lab);
    const trap = await bait();
    const first = await other.order('a.test', 'b.test');
    const second = await other.order('c.test');
    const third = await other.order('d.test');
    const { challenges } = JSON.parse((await other.post(third.authorizations[0]!)).body) as {
      challenges: { url: string }[];
    };
    // Pebble doesn't tell a challenge's authorization, as RFC 8555 §7.5.1 has it.
    const up = `<${third.authorizations[0]}>;rel="up"`;
    customer.proxy.setFault(({ kind }) =>
      kind === 'challengePoll' ? { type: 'change', headers: { link: up } } : undefined,
    );
    const left = [...first.authorizations, ...second.authorizations, ...third.authorizations];
    const rubbish = ['http', 'https'].flatMap((scheme) => [
      `${scheme}://127.0.0.1:${trap.port}/authZ/x`,
      `${scheme}://169.254.169.254/acme/authz/1/2`,
      `${scheme}://user@127.0.0.1:${trap.port}/acme/authz/1/2`,
    ]);
    const own = [first.url, ...second.authorizations, challenges[0]!.url];
    const log = await given(
      customer,
      'letsencrypt.log',
      `\u001b[31m\u0000${certbotLog([...rubbish, ...own, ...own])}`,
    );
    const clear = ['authz', 'clear', '--json', '--from-log', log, '--account-key', keyFile];
    customer.proxy.resetCounts();
    const dry = await customer.run([...clear, '--dry-run']);
    expectExit(dry, 0);
    expect(parted(jsonLines(dry)).lines.map(({ action }) => action)).toEqual(
      left.map(() => 'would-deactivate'),
    );
    expect(parted(jsonLines(dry)).end.costs).toMatchObject([{ requests: 4, failedValidations: 0 }]);
    expect(await statesOf(lab, other, left)).toEqual(left.map(() => 'pending'));
    // Not even the state directory is there: whoever only looks leaves nothing for a later clear-up.
    expect(existsSync(customer.stateDir)).toBe(false);

    customer.proxy.resetCounts();
    const run = await customer.run(clear);
    expectExit(run, 0);
    const { lines, end } = parted(jsonLines(run));
    expect(lines.map(({ identifier }) => identifier).sort()).toEqual([
      'a.test',
      'b.test',
      'c.test',
      'd.test',
    ]);
    for (const line of lines) {
      expect(line).toMatchObject({ before: null, action: 'deactivated', after: 'deactivated' });
      expect(line).toMatchObject({ account: other.url, client: 'certbot' });
    }
    expect(end.summary).toMatchObject({ seen: 4, deactivated: 4, pending: 0, failed: 0, foreign: 0 });
    expect(end.gates).toMatchObject([{ account: other.url, pendingBefore: 4, pendingAfter: 0, free: 250 }]);
    expect(await statesOf(lab, other, left)).toEqual(left.map(() => 'deactivated'));
    // The challenge was asked for without a body: with one it would be submitted.
    expect(askedOf(customer)).toMatchObject({
      order: 1,
      challengePoll: 1,
      challenge: 0,
      deactivate: 4,
    });

    customer.proxy.resetCounts();
    const again = await customer.run(clear);
    expectExit(again, 0);
    expect(parted(jsonLines(again)).lines.map(({ action }) => action)).toEqual(
      left.map(() => 'already-final'),
    );
    expect(askedOf(customer)).toEqual({
      shown: 0,
      deactivate: 0,
      order: 0,
      challenge: 0,
      challengePoll: 0,
    });
    expect(trap.visits()).toBe(0);
    trap.close();
    const listed = jsonLines<ListedAuthz>(await customer.run(['authz', 'list', '--json']));
    expect(listed).toHaveLength(4);
    expect(listed[0]).toMatchObject({
      source: 'log',
      client: 'certbot',
      logFile: log,
      loggedAt: text(/^2026-01-0/),
    });
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('goes on where it was ended by %s', async (signal) => {
    const { customer, other, keyFile } = await twoClients(lab);
    const orders = [];
    for (let number = 0; number < 6; number += 1) {
      orders.push(await other.order(...['a', 'b', 'c', 'd', 'e'].map((each) => `${each}-${number}.test`)));
    }
    const left = orders.flatMap(({ authorizations }) => authorizations);
    const log = await given(customer, 'some.log', orders.map(({ url }) => url).join('\n'));
    const clear = [
      'authz',
      'clear',
      '--json',
      '--concurrency',
      '3',
      '--from-log',
      log,
      '--account-key',
      keyFile,
    ];
    customer.proxy.resetCounts();
    customer.proxy.setLatency(40);
    const killed = customer.start(clear);
    await until('some are closed', () => customer.proxy.counts.deactivate >= 10);
    killed.kill(signal);
    const ended = await killed.finished;
    if (signal === 'SIGTERM') expectExit(ended, 143);
    customer.proxy.setLatency(0);
    const closed = (await statesOf(lab, other, left)).filter((state) => state === 'deactivated').length;
    expect(closed).toBeLessThan(left.length);
    const before = askedOf(customer);
    expectExit(await customer.run(clear), 0);
    expect(await statesOf(lab, other, left)).toEqual(left.map(() => 'deactivated'));
    const after = askedOf(customer);
    // What was in flight at the end may be asked for again, and nothing else.
    expect(after['deactivate']).toBeLessThanOrEqual(left.length + 3);
    expect(after['order']).toBeLessThanOrEqual(orders.length + 3);
    expect(after['shown']! - before['shown']!).toBeLessThanOrEqual(left.length - closed + 3);
  });

  it('keeps to the rate', async () => {
    const { customer, other, keyFile } = await twoClients(lab);
    const { authorizations } = await other.order(
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((each) => `${each}.test`),
    );
    const clear = ['authz', 'clear', '--rate', '10/s', '--from-log', '-', '--account-key', keyFile];
    customer.proxy.resetCounts();
    const run = await customer.run(clear, { input: authorizations.join('\n') });
    expectExit(run, 0);
    expect(run.stdout).toMatch(/^8 seen, 8 deactivated, .*\n.*: 8 pending before, 0 now, 250 of 250 free$/m);
    const at = customer.proxy.requests.map(({ atMs }) => atMs);
    expect(at.length).toBeGreaterThan(16);
    // Requests may be on their way for different times, so a few milliseconds less than a tenth of a second each.
    expect(at.at(-1)! - at[0]!).toBeGreaterThan((at.length - 1) * 100 - 60);
  });

  it("takes each URL to the account that it belongs to; one of none's is told, and is no failure", async () => {
    const { customer, other, keyFile } = await twoClients(lab);
    const server = { directoryUrl: customer.proxy.directoryUrl, caPem: lab.pebble.caPem };
    const [second, stranger] = [await registerAccount(server), await registerAccount(server)];
    const certbot = path.join(
      'certbot',
      'accounts',
      new URL(server.directoryUrl).host,
      'dir',
      'abcdef01'.repeat(4),
    );
    const jwk = JSON.stringify(second.key.export({ format: 'jwk' }));
    await given(customer, path.join(certbot, 'private_key.json'), jwk);
    const urls = [
      await other.order('one.test'),
      await second.order('two.test'),
      await stranger.order('three.test'),
    ];
    const theirs = await stranger.order('four.test');
    const log = await given(
      customer,
      'all.log',
      [
        ...urls.flatMap(({ authorizations }) => authorizations),
        theirs.url,
        'https://127.0.0.1/authZ/nothing',
      ].join('\n'),
    );
    const directory = path.join(path.dirname(customer.stateDir), 'certbot');
    const keys = ['--account-key', keyFile, '--import-accounts', `certbot:${directory}`];
    const run = await customer.run(['authz', 'clear', '--json', '--from-log', log, ...keys]);
    expectExit(run, 0);
    const { lines, end } = parted(jsonLines(run));
    const shown = lines.map(({ identifier, action, account }) => [identifier, action, account]);
    expect(shown.sort()).toEqual(
      [
        ['one.test', 'deactivated', other.url],
        ['two.test', 'deactivated', second.url],
        [null, 'foreign', null],
        [null, action(theirs.url, lines), null],
      ].sort(),
    );
    expect(end).toMatchObject({ summary: { seen: 4, deactivated: 2, failed: 0 }, elsewhere: 1 });
    expect(await statesOf(lab, stranger, [...urls[2]!.authorizations, ...theirs.authorizations])).toEqual([
      'pending',
      'pending',
    ]);
    // What is kept of them is for cleaning up alone.
    const accounts = jsonLines<{ purpose: string }>(await customer.run(['account', 'list', '--json']));
    expect(accounts.map(({ purpose }) => purpose)).toEqual(['clean-up', 'clean-up']);
  });

  it('works on the accounts of several servers in one run', async () => {
    const [customer, elsewhere] = [await lab.newCustomer(), await lab.newCustomer()];
    const names = ['here.test', 'there.test'];
    const urls: string[] = [];
    const accounts: LabAccount[] = [];
    for (const { proxy } of [customer, elsewhere]) {
      const account = await registerAccount({ directoryUrl: proxy.directoryUrl, caPem: lab.pebble.caPem });
      const folder = path.join(
        'certbot/accounts',
        new URL(proxy.directoryUrl).host,
        'dir',
        'abcdef01'.repeat(4),
      );
      const jwk = JSON.stringify(account.key.export({ format: 'jwk' }));
      await given(customer, path.join(folder, 'private_key.json'), jwk);
      urls.push(...(await account.order(names[accounts.length]!)).authorizations);
      accounts.push(account);
    }
    const log = await given(customer, 'both.log', urls.join(' '));
    const certbot = `certbot:${path.join(path.dirname(log), 'certbot')}`;
    const common = ['--state-dir', customer.stateDir, '--ca-file', lab.pebble.caFile, '--json'];
    const keys = ['--import-accounts', certbot];
    const run = await runProgram(['authz', 'clear', ...keys, '--from-log', log, ...common]);
    expectExit(run, 0);
    const { lines, end } = parted(jsonLines(run));
    expect(lines.map(({ identifier, action }) => `${identifier} ${action}`).sort()).toEqual(
      names.map((name) => `${name} deactivated`),
    );
    expect(end.gates.map(({ pendingBefore, pendingAfter }) => [pendingBefore, pendingAfter])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(end.elsewhere).toBe(0);
    // Without logs and keys it looks after both from now on.
    expect(jsonLines<object>(await runProgram(['status', ...common]))).toMatchObject([
      { accounts: [{ gate: { pending: 0 } }, { gate: { pending: 0 } }] },
    ]);
    await accounts[1]!.order('more.test');
    expectExit(await runProgram(['authz', 'discover', ...common]), 0);
    const again = await runProgram(['authz', 'clear', '--all', ...common]);
    expect(jsonLines<object>(again)[0]).toMatchObject({ identifier: 'more.test', action: 'deactivated' });

    // A key that is gone keeps nobody else from being asked.
    const { authorizations } = await accounts[1]!.order('last.test', 'lost.test');
    const database = rawDatabase(path.join(customer.stateDir, 'ledger.sqlite'));
    const ofUrl = database.prepare('select key_file from accounts where url = ?').pluck();
    await rm(path.join(customer.stateDir, String(ofUrl.get(accounts[0]!.url))));
    const clear = ['authz', 'clear', '--from-log', '-', ...common];
    const rest = await runProgram(clear, { input: authorizations[0]! });
    expectExit(rest, 1);
    expect(jsonLines<object>(rest)[0]).toMatchObject({ action: 'deactivated' });
    expect(rest.stderr).toMatch(new RegExp(`^error: ${customer.proxy.directoryUrl}: .*key`, 'm'));
    // An account whose registration was never answered is looked for.
    database.prepare('update accounts set url = null where url = ?').run(accounts[1]!.url);
    database.close();
    const there = ['--ca', elsewhere.proxy.directoryUrl];
    const found = await runProgram([...clear, ...there], { input: authorizations[1]! });
    expectExit(found, 0);
    expect(jsonLines<object>(found)[0]).toMatchObject({ action: 'deactivated', account: accounts[1]!.url });
  });

  it('says what can not be used before anything is sent or written', async () => {
    const { customer, keyFile } = await twoClients(lab);
    customer.proxy.resetCounts();
    const missing = await customer.run(['authz', 'clear', '--from-log', 'no.log', '--account-key', keyFile]);
    expectExit(missing, 2);
    expect(missing.stderr).toMatch(/no\.log/);
    const log = await given(customer, 'empty.log', '');
    expectExit(await customer.run(['authz', 'clear', '--from-log', log, '--account-key', log]), 2);
    expectExit(await customer.run(['authz', 'clear', '--from-log', log]), 2);
    expectExit(await customer.run(['authz', 'clear', '--rate', 'fast', '--from-log', log]), 2);
    expect(customer.proxy.requests).toEqual([]);
  });
});
