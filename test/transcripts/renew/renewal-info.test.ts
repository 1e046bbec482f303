import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { StoredRow } from '../../../src/ledger/ledger.ts';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import { isLostAtPebble } from '../../support/pebble-serial.ts';
import { startProgram } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

const hourMs = 3_600_000;
const silent = { exitCode: 0, stdout: '', stderr: '' };
const explanationURL = 'https://ca.example/incident/7';

let stage: Stage;
let lab: Stage['lab'];
let proxy: Stage['proxy'];
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ lab, proxy, here } = stage);
  do {
    const issued = await here.run(['issue', 'a.test', '--force', '--webroot', here.webroot]);
    expect(issued).toMatchObject({ exitCode: 0 });
  } while (isLostAtPebble(row().serial ?? ''));
}, 180_000);

afterAll(() => stage.stop());

beforeEach(() => {
  proxy.setFault();
  proxy.resetCounts();
});

function row(): StoredRow<'certificates'> {
  return here.rows<StoredRow<'certificates'>>('select * from certificates')[0]!;
}

function letTimeToAskCome(): void {
  here.change('update certificates set ari_ask_at = ?', new Date().toISOString());
}

async function moveWindow(startMs: number, endMs: number): Promise<void> {
  const pem = await readFile(path.join(here.certificate('a.test'), 'cert.pem'), 'utf8');
  const [start, end] = [startMs, endMs].map((ms) => new Date(Date.now() + ms).toISOString());
  await lab.setRenewalInfo(pem, { suggestedWindow: { start, end }, explanationURL });
}

describe('when to renew, as the CA says', { timeout: 180_000 }, () => {
  it('is asked with one request, and only when its time has come', async () => {
    expect(await here.run(['renew'])).toMatchObject(silent);
    expect(proxy.requests).toEqual([]);
    letTimeToAskCome();
    expect(await here.run(['renew', '--dry-run', '--json'])).toMatchObject({ exitCode: 0 });
    expect(proxy.requests).toEqual([]);
    expect(await here.run(['renew'])).toMatchObject(silent);
    expect(proxy.requests.map(({ kind, method }) => [kind, method])).toEqual([['renewalInfo', 'GET']]);
    const known = row();
    const [start, end, drawn, life] = [
      known.ari_window_start,
      known.ari_window_end,
      known.ari_renew_at,
      known.not_after,
    ].map((time) => Date.parse(time ?? ''));
    expect(drawn).toBeGreaterThanOrEqual(start!);
    expect(drawn).toBeLessThan(end!);
    expect(end).toBeLessThan(life!);
    expect(Date.parse(known.ari_ask_at ?? '') - Date.now()).toBeGreaterThan(5.9 * hourMs);
    expect(await here.run(['renew'])).toMatchObject(silent);
    expect(proxy.requests).toHaveLength(1);
    const shown = jsonOf(await here.run(['cert', 'show', 'a.test', '--json']));
    expect(shown).toMatchObject({
      dueAt: known.ari_renew_at,
      ari: { windowStart: known.ari_window_start, windowEnd: known.ari_window_end, explanationUrl: null },
    });
  });

  it('fails no renewal when the CA answers with nothing of use, and what was known holds', async () => {
    const before = row();
    for (const [fault, failures] of [
      [{ type: 'answer', status: 500, body: 'oops' }, 1],
      [{ type: 'drop' }, 2],
      [{ type: 'replace-body', body: '{"suggestedWindow":{}}' }, 0],
    ] as const) {
      letTimeToAskCome();
      proxy.setFault(({ kind }) => (kind === 'renewalInfo' ? fault : undefined));
      expect(await here.run(['renew'])).toMatchObject(silent);
      const { ari_window_start, ari_renew_at, ari_failures, ari_ask_at } = row();
      expect({ ari_window_start, ari_renew_at, ari_failures }).toEqual({
        ari_window_start: before.ari_window_start,
        ari_renew_at: before.ari_renew_at,
        ari_failures: failures,
      });
      expect(Date.parse(ari_ask_at ?? '')).toBeGreaterThan(Date.now());
    }
    expect((await here.run(['cert', 'show', 'a.test'])).stdout).toMatch(
      /\n {2}ari .*no time.*; asked again at /,
    );
  });

  it('is summed up for a script also when a signal comes while it is asked', async () => {
    letTimeToAskCome();
    const running = startProgram([...here.globalOptions, 'renew', '--json']);
    proxy.setFault(() => {
      running.kill('SIGTERM');
      return { type: 'drop' };
    });
    const stopped = await running.finished;
    expect(stopped.exitCode).toBe(143);
    expect(jsonOf(stopped)).toEqual({
      summary: { due: 0, issued: 0, renewed: 0, failed: 0, deferred: 0, notDue: 1 },
    });
  });

  it('is not asked again before the time that the CA gave, and nothing else fails or waits for that', async () => {
    letTimeToAskCome();
    const headers = { 'retry-after': '120' };
    proxy.setFault(({ kind }) =>
      kind === 'renewalInfo' ? { type: 'answer', status: 503, headers, body: '' } : undefined,
    );
    for (let run = 0; run < 2; run += 1) expect(await here.run(['renew'])).toMatchObject(silent);
    expect(proxy.requests).toHaveLength(1);
    // It is about the advice: orders needn't wait for it.
    expect(here.rows('select scope from holds')).toEqual([]);
  });

  it('is asked of several no faster than the CA lets one address', async () => {
    const columns = Object.keys(row())
      .filter((column) => column !== 'id' && column !== 'name')
      .join();
    for (const name of ['b.test', 'c.test']) {
      await cp(here.certificate('a.test'), here.certificate(name), {
        recursive: true,
        verbatimSymlinks: true,
      });
      here.change(
        `insert into certificates (name, ${columns}) select ?, ${columns} from certificates where name = 'a.test'`,
        name,
      );
    }
    onTestFinished(() => here.change("delete from certificates where name in ('b.test', 'c.test')"));
    const config = here.file('slowly.yaml');
    await writeFile(config, `limits:\n  ${proxy.directoryUrl}:\n    requestsPerSecond: 1\n`);
    letTimeToAskCome();
    expect(await here.run(['renew', '--config', config])).toMatchObject(silent);
    expect(proxy.requests.map(({ kind }) => kind)).toEqual(['renewalInfo', 'renewalInfo', 'renewalInfo']);
    // Two seconds; the first may have been on its way for longer than the last.
    expect(proxy.requests.at(-1)!.atMs - proxy.requests[0]!.atMs).toBeGreaterThan(1_000);
  });

  it('is shown with the page that explains it, also before anything is done', async () => {
    await moveWindow(2 * hourMs, 3 * hourMs);
    letTimeToAskCome();
    expect(await here.run(['renew'])).toMatchObject(silent);
    expect((await here.run(['cert', 'show', 'a.test'])).stdout).toContain(
      `\n  because   ${explanationURL}\n`,
    );
    here.change('update certificates set ari_renew_at = ?', new Date().toISOString());
    const [due] = jsonLines(await here.run(['renew', '--dry-run', '--json']));
    expect(due).toMatchObject({ name: 'a.test', reason: 'ari', explanationUrl: explanationURL });
    const text = await here.run(['renew', '--dry-run']);
    expect(text.stdout).toContain(`a.test: ari, 1 order with 1 name; the CA says why: ${explanationURL}\n`);
    expect(proxy.requests).toHaveLength(1);
  });

  it('a window that was moved into the past means now, with the page that explains it, and says what is replaced', async () => {
    const { serial } = row();
    await moveWindow(-hourMs, -hourMs / 2);
    letTimeToAskCome();
    expect(jsonLines(await here.run(['renew', '--json']))).toEqual([
      { name: 'a.test', status: 'renewed', error: null, explanationUrl: explanationURL },
      { summary: { due: 1, issued: 0, renewed: 1, failed: 0, deferred: 0, notDue: 0 } },
    ]);
    expect(row()).toMatchObject({ ari_window_start: null, ari_renew_at: null, ari_explanation_url: null });
    expect(row().serial).not.toBe(serial);
    const asked = proxy.requests.find(({ kind }) => kind === 'renewalInfo')!;
    const order = proxy.requests.find(({ kind, status }) => kind === 'newOrder' && status === 201)!;
    expect(order.payload).toMatchObject({ replaces: path.basename(asked.url) });
    proxy.resetCounts();
    // The new certificate isn't due, and too young for the CA to have news of it.
    expect(await here.run(['renew'])).toMatchObject(silent);
    expect(proxy.requests).toEqual([]);
  });
});
