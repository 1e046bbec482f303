import { existsSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jsonLines, newInstallation } from '../../support/installation.ts';
import { withDefaults } from '../../support/with-defaults.ts';
import { created } from '../../support/created.ts';
import { type ProgramResult, startProgram } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let lab: Stage['lab'];
let proxy: Stage['proxy'];
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage({ env: { PEBBLE_AUTHZREUSE: '0' } });
  ({ lab, proxy, here } = stage);
}, 180_000);

afterAll(() => stage.stop());

beforeEach(() => {
  proxy.setFault();
  proxy.resetCounts();
});

async function want(...names: string[]): Promise<void> {
  const rows = names.map((name) => JSON.stringify({ names: [name], webroot: here.webroot }));
  await here.run(['cert', 'import', '-'], { input: `${rows.join('\n')}\n` });
}

interface Probed {
  /** Whether the hook that puts the answer of a probe up has begun and not ended. */
  isUnderWay: () => boolean;
  /** Lets it end; resolves when the probe is over and what it found is written down. */
  end: () => Promise<void>;
  /** With probes, the first of which lasts until it is let go. */
  renew: (...args: string[]) => Promise<ProgramResult>;
}

/** A certificate whose first name fails, and is suspended at once, so that `renew` probes it. */
async function newProbed(dead: string, ...others: string[]): Promise<Probed> {
  const [hold, running, go] = ['hold', 'running', 'go'].map((file) => here.file(`${dead}.${file}`));
  const answer = `${here.webroot}/.well-known/acme-challenge`;
  const hook = here.file(`${dead}.sh`);
  const script = `#!/bin/sh
case $1 in
present)
  if [ -e ${hold!} ]; then touch ${running!}; until [ -e ${go!} ]; do sleep 0.05; done; rm ${running!} ${hold!}; fi
  mkdir -p ${answer}; printf %s "$4" > ${answer}/$3;;
cleanup) rm -f ${answer}/$3;;
esac
`;
  await writeFile(hook, script, { mode: 0o755 });
  await lab.challtestsrv.setServfail(dead);
  const [name = dead, ...options] = others;
  const names = name === dead ? [dead] : [name, dead];
  const solver = ['--challenge', 'http-01', '--hook', hook, '--suspend-after', '0'];
  await here.run(['issue', ...names, ...options, ...solver]);
  const over = (): number =>
    here.rows("select id from runs where command = 'renew' and ended_at is not null").length;
  let before = 0;
  return {
    isUnderWay: () => existsSync(running!),
    async end() {
      if (!existsSync(hold!)) return;
      writeFileSync(go!, '');
      while (over() === before) await delay(20);
    },
    renew(...args) {
      writeFileSync(hold!, '');
      before = over();
      const where = ['--probe-resolver', lab.dnsAddress, '--probe-http-port', String(lab.httpPort)];
      return here.run(['renew', '--json', '--probe-every', '1h', ...where, ...args]);
    },
  };
}

describe('renew works on', () => {
  it('the next certificates while the CA issues one, for which it wants three seconds', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `n${String(index)}.lent.test`);
    await want(...names);
    let [atWork, most] = [0, 0];
    proxy.setFault(({ kind }) => {
      if (kind === 'newOrder') most = Math.max(most, (atWork += 1));
      if (kind === 'certificate') atWork -= 1;
      return kind === 'finalize'
        ? {
            type: 'change',
            headers: { 'retry-after': '3' },
            body: (body) => JSON.stringify({ ...(JSON.parse(body) as object), status: 'processing' }),
          }
        : undefined;
    });
    const run = await here.run(['renew', '--json', '--concurrency', '2']);
    expect(jsonLines(run).at(-1)).toMatchObject({ summary: { due: 8, issued: 8 } });
    // Two at a time would have two under way, and take four times three seconds.
    expect(most).toBeGreaterThan(5);
  }, 180_000);

  it('other certificates while a name is probed, and then on all that is left in its order', async () => {
    const name = 'dead.beside.test';
    const probed = await newProbed(name);
    await want('more.beside.test', 'next.beside.test', 'well.beside.test');
    await lab.challtestsrv.clearServfail(name);
    const seen: boolean[] = [];
    proxy.setFault(async ({ kind }) => {
      if (kind === 'newOrder' && seen.push(probed.isUnderWay()) === 1) await probed.end();
      return undefined;
    });
    const lines = jsonLines(await probed.renew('--concurrency', '1'));
    expect(lines.slice(0, -1).map((line) => [line['name'], line['status']])).toEqual([
      ['more.beside.test', 'issued'],
      [name, 'issued'],
      ['next.beside.test', 'issued'],
      ['well.beside.test', 'issued'],
    ]);
    expect(lines.at(-1)).toMatchObject({ summary: { due: 4, issued: 4, deferred: 0 } });
    // Pebble rejects nonces now and then: a newOrder comes twice then.
    expect(seen[0]).toBe(true);
    expect(seen.slice(1)).not.toContain(true);
  }, 180_000);

  it('what waits for a probe, too, when an account at another CA can not be used', async () => {
    const probed = await newProbed('dead.broken.test');
    await want('well.broken.test');
    await lab.challtestsrv.clearServfail('dead.broken.test');
    const elsewhere = 'https://elsewhere.test/dir';
    here.change(
      `insert into accounts (ca, url, key_file, key_thumbprint, status, created_at) values (?, ?, 'accounts/gone.pem', 'gone', 'valid', '2026-01-01T00:00:00.000Z')`,
      elsewhere,
      'https://elsewhere.test/acct/1',
    );
    here.change(
      `insert into orders (account_id, certificate_name, names, names_key, profile, status, reserved, reserved_until, created_at, updated_at)
       select id, 'x', '["x.test"]', 'x.test', '', 'intent', 1, '2999-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' from accounts where ca = ?`,
      elsewhere,
    );
    proxy.setFault(async ({ kind }) => {
      if (kind === 'newOrder') await probed.end();
      return undefined;
    });
    const run = await probed.renew();
    here.change(`delete from orders where certificate_name = 'x'`);
    here.change('delete from accounts where ca = ?', elsewhere);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/gone\.pem/);
    expect(jsonLines(run).at(-1)).toMatchObject({ summary: { due: 2, issued: 2 } });
  }, 180_000);

  it('an order that a killed run left, where its certificate waits for a probe', async () => {
    const probed = await newProbed('dead.left.test', 'a.left.test', '--on-failed-name', 'drop');
    const renewLeft = ['renew', 'a.left.test', '--on-failed-name', 'drop', '--all'];
    const running = startProgram(withDefaults(renewLeft, here.globalOptions));
    const reached = new Promise<void>((resolve) => {
      proxy.setFault(({ kind }) => {
        if (kind !== 'authz') return undefined;
        resolve();
        return { type: 'hold-answer', until: running.finished };
      });
    });
    await reached;
    running.kill('SIGKILL');
    await running.finished;
    await want('well.left.test');
    proxy.resetCounts();
    proxy.setFault(async ({ kind }) => {
      if (kind === 'newOrder') await probed.end();
      return undefined;
    });
    const lines = jsonLines(
      await probed.renew('--all', '--on-failed-name', 'drop', 'a.left.test', 'well.left.test'),
    );
    expect(lines.slice(0, -1)).toMatchObject([
      { name: 'well.left.test', status: 'issued' },
      { name: 'a.left.test', status: 'renewed' },
    ]);
    expect(created(proxy, 'newOrder')).toBe(1);
  }, 180_000);
});

describe('the directory', () => {
  it('is asked for once, also by the run that registers the account', async () => {
    const fresh = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
    proxy.resetCounts();
    const run = await fresh.run(['issue', 'first.directory.test', '--webroot', here.webroot]);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(proxy.requests.filter(({ kind }) => kind === 'directory')).toHaveLength(1);
    await fresh.remove();
  }, 180_000);
});
