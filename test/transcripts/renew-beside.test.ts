import { existsSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../support/installation.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { type AcmeProxy, startProxy } from '../support/proxy.ts';
import { type WebrootServer, serveWebroot } from '../support/webroot-server.ts';

let lab: PebbleLab;
let proxy: AcmeProxy;
let here: Installation;
let webServer: WebrootServer;

beforeAll(async () => {
  lab = await startPebble();
  proxy = await startProxy({ directoryUrl: lab.directoryUrl });
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
  webServer = await serveWebroot(here.webroot, lab.httpPort);
}, 180_000);

afterAll(async () => {
  await webServer.stop();
  await proxy.stop();
  await lab.stop();
  await here.remove();
});

beforeEach(() => {
  proxy.setFault();
  proxy.resetCounts();
});

async function want(...names: string[]): Promise<void> {
  const rows = names.map((name) => JSON.stringify({ names: [name], webroot: here.webroot }));
  await here.run(['cert', 'import', '-'], { input: `${rows.join('\n')}\n` });
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

  it('other certificates while a name is probed, and on its own once that has found it well', async () => {
    const [hold, running, go] = ['hold', 'running', 'go'].map((name) => here.file(name));
    const answer = `${here.webroot}/.well-known/acme-challenge`;
    const hook = here.file('hook.sh');
    const script = `#!/bin/sh
case $1 in
present)
  if [ -e ${hold!} ]; then touch ${running!}; until [ -e ${go!} ]; do sleep 0.05; done; rm ${running!} ${hold!}; fi
  mkdir -p ${answer}; printf %s "$4" > ${answer}/$3;;
cleanup) rm -f ${answer}/$3;;
esac
`;
    await writeFile(hook, script, { mode: 0o755 });
    await lab.challtestsrv.setServfail('dead.beside.test');
    const solver = ['--challenge', 'http-01', '--hook', hook, '--suspend-after', '0'];
    expect((await here.run(['issue', 'dead.beside.test', ...solver])).exitCode).toBe(1);
    await lab.challtestsrv.clearServfail('dead.beside.test');
    await want('well.beside.test');
    await writeFile(hold!, '');
    const seen: boolean[] = [];
    proxy.setFault(({ kind }) => {
      if (kind !== 'newOrder') return undefined;
      seen.push(existsSync(running!));
      writeFileSync(go!, '');
      return undefined;
    });
    const where = ['--probe-resolver', lab.dnsAddress, '--probe-http-port', String(lab.httpPort)];
    const lines = jsonLines(await here.run(['renew', '--json', '--probe-every', '1h', ...where]));
    expect(lines.map(({ name, status }) => [name, status]).slice(0, 2)).toEqual([
      ['well.beside.test', 'issued'],
      ['dead.beside.test', 'issued'],
    ]);
    expect(lines.at(-1)).toMatchObject({ summary: { due: 2, issued: 2 } });
    expect(seen).toEqual([true, false]);
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
