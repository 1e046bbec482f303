import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DnsServer } from '../../challenges/dns-server.ts';
import { created } from '../../support/created.ts';
import { withDefaults } from '../../support/with-defaults.ts';
import { type Installation, jsonLines, jsonOf, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type ProgramResult, startProgram } from '../../support/program.ts';
import { type AcmeProxy, startProxy } from '../../support/proxy.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';
import { hookScript } from '../leak/leak-hook-script.ts';
import { until } from '../leak/leak-lab.ts';

let lab: PebbleLab;
let proxy: AcmeProxy;
let here: Installation;
let webServer: WebrootServer;

beforeAll(async () => {
  lab = await startPebble({ env: { PEBBLE_AUTHZREUSE: '100' } });
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
  proxy.resetCounts();
});

const issueWebroot = (...args: string[]): Promise<ProgramResult> =>
  here.run(['issue', ...args, '--webroot', here.webroot]);

/** As cron runs it. */
function renew(...options: string[]): Promise<ProgramResult> {
  return here.run(withDefaults(['renew', '--json', ...options], reach()));
}

/** Where names are looked for in the lab. */
function reach(resolver = lab.dnsAddress): string[] {
  return ['--probe-every', '1h', '--probe-resolver', resolver, '--probe-http-port', String(lab.httpPort)];
}

/** Lets the time pass after which the name is probed again. */
function letProbesBeDue(): void {
  here.change("update identifiers set probe_at = '2020-01-01T00:00:00.000Z'");
}

function failedValidations(): number {
  return [...proxy.census.authorizations.values()].filter(({ status }) => status === 'invalid').length;
}

async function answersUp(): Promise<string[]> {
  return readdir(here.file('webroot/.well-known/acme-challenge')).catch(() => []);
}

describe('a name that is left alone', () => {
  it('costs nothing at the CA while it is dead, and comes back by itself once it is mended', async () => {
    await lab.challtestsrv.setServfail('dead.probe.test');
    expect((await issueWebroot('dead.probe.test', '--suspend-after', '0')).exitCode).toBe(1);
    const failed = failedValidations();
    proxy.resetCounts();

    const probed = await renew();
    expect(probed.exitCode).toBe(0);
    expect(probed.stderr).toMatch(/^warning: dead\.probe\.test is due and left alone/);
    expect(proxy.requests).toEqual([]);
    const [listed] = jsonLines(await here.run(['name', 'list', '--json']));
    expect(listed).toMatchObject({ status: 'suspended', probeError: { code: 'solver' } });
    expect(await answersUp()).toEqual([]);

    await lab.challtestsrv.clearServfail('dead.probe.test');
    // Not so soon.
    expect((await renew()).exitCode).toBe(0);
    expect(proxy.requests).toEqual([]);
    expect(webServer.requests).toEqual([]);

    letProbesBeDue();
    expect(jsonLines(await renew())[0]).toMatchObject({ name: 'dead.probe.test', status: 'issued' });
    expect(created(proxy, 'newOrder')).toBe(1);
    expect(failedValidations()).toBe(failed);
    expect(here.rows('select 1 from probes')).toEqual([]);
    expect(jsonLines(await here.run(['name', 'list', '--json']))).toEqual([]);
  }, 180_000);

  it('is back in its certificate before its back-off ends', async () => {
    await lab.challtestsrv.setServfail('b.drop.test');
    const names = ['a.drop.test', 'b.drop.test'];
    expect((await issueWebroot(...names, '--cert-name', 'drop', '--on-failed-name', 'drop')).exitCode).toBe(
      0,
    );
    here.change(
      "update identifiers set next_attempt_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 day') where failing_since is not null",
    );
    await lab.challtestsrv.clearServfail('b.drop.test');
    expect(jsonLines(await renew('--probe-every', 'never'))).toMatchObject([{ summary: { due: 0 } }]);
    expect(jsonLines(await renew())[0]).toMatchObject({ name: 'drop', status: 'renewed', error: null });
    expect(jsonOf(await here.run(['cert', 'show', 'drop', '--json']))).toMatchObject({ leftOut: [] });
  }, 180_000);

  it('is left alone for longer when it looks well from here and the CA finds it dead', async () => {
    const other = await DnsServer.start();
    other.add('A', 'far.probe.test', '127.0.0.1');
    await lab.challtestsrv.setServfail('far.probe.test');
    expect((await issueWebroot('far.probe.test', '--suspend-after', '0')).exitCode).toBe(1);
    const wronged = (): Promise<ProgramResult> => renew(...reach(other.address), '--suspend-after', '0');
    try {
      const failed = failedValidations();
      expect((await wronged()).exitCode).toBe(1);
      expect(failedValidations() - failed).toBe(1);
      proxy.resetCounts();
      expect((await wronged()).exitCode).toBe(0);
      expect(proxy.requests).toEqual([]);
      const [row] = here.rows<{ hours: number; probe_step: number; suspended_at: string | null }>(
        "select (julianday(probe_at) - julianday('now')) * 24 as hours, probe_step, suspended_at from identifiers where value = 'far.probe.test'",
      );
      expect(row).toMatchObject({ probe_step: 1, suspended_at: expect.any(String) as string });
      expect(row?.hours).toBeGreaterThan(23);
    } finally {
      await other.stop();
    }
  }, 180_000);

  it('has nothing up any more after the run that follows one killed in the middle of its probe', async () => {
    const hook = here.file('hook.sh');
    await writeFile(hook, hookScript(here.webroot), { mode: 0o755 });
    // The hook works until the name is suspended, and hangs for the probe.
    await writeFile(here.file('webroot/mended'), '');
    await lab.challtestsrv.setServfail('hang.probe.test');
    const options = ['--challenge', 'http-01', '--hook', hook, '--suspend-after', '0'];
    expect((await here.run(['issue', 'hang.probe.test', ...options])).exitCode).toBe(1);
    await rm(here.file('webroot/mended'));
    proxy.resetCounts();

    const killed = startProgram(withDefaults(['renew', ...reach()], here.globalOptions));
    await until('the probe is up', async () => (await answersUp()).length === 1);
    killed.kill('SIGKILL');
    await killed.finished;
    const pid = (await readFile(here.file('webroot/hook.pids'), 'utf8')).trim();
    expect(await isRunning(pid)).toBe(true);

    expect(await renew()).toMatchObject({ exitCode: 0 });
    expect(await answersUp()).toEqual([]);
    expect(await isRunning(pid)).toBe(false);
    expect(here.rows('select 1 from probes')).toEqual([]);
    expect(proxy.requests).toEqual([]);
  }, 180_000);
});

/** A zombie that nobody has waited for has ended, too. */
async function isRunning(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '(gone) Z');
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}
