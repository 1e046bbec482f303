import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { jsonOf } from '../../support/installation.ts';
import { runProgram } from '../../support/program.ts';
import { type StagingPair, startStagingPair } from '../../support/staging-pair.ts';

let pair: StagingPair;
let production: StagingPair['production'];
let staging: StagingPair['staging'];
let here: StagingPair['here'];

beforeAll(async () => {
  pair = await startStagingPair();
  ({ production, staging, here } = pair);
}, 180_000);

afterAll(() => pair.stop());

beforeEach(() => {
  production.proxy.resetCounts();
  staging.proxy.resetCounts();
});

function newOrders(): { staging: number; production: number } {
  return { staging: created(staging.proxy, 'newOrder'), production: created(production.proxy, 'newOrder') };
}

describe('--staging', () => {
  const site = (...words: string[]) => here.run([...words, '--webroot', here.webroot]);
  const atStaging = () => ['--staging', '--rehearsal-ca', staging.proxy.directoryUrl];

  async function issuerOf(name: string): Promise<'staging' | 'production' | 'neither'> {
    const chain = (await readFile(`${here.certificate(name)}/chain.pem`, 'utf8')).trim();
    if (chain === (await staging.lab.intermediates()).trim()) return 'staging';
    return chain === (await production.lab.intermediates()).trim() ? 'production' : 'neither';
  }

  it('issues at the staging, and nothing of it comes to the CA itself', async () => {
    const issued = await site('issue', 'tried.test', ...atStaging(), '--json');
    expect(issued.exitCode).toBe(0);
    expect(jsonOf(issued)).toMatchObject({ status: 'issued', order: { status: 'valid' } });
    expect(newOrders()).toEqual({ staging: 1, production: 0 });
    expect(production.proxy.requests).toEqual([]);
    expect(await issuerOf('tried.test')).toBe('staging');
    const shown = jsonOf(await here.run(['cert', 'show', 'tried.test', '--json']));
    expect(shown).toMatchObject({ ca: staging.proxy.directoryUrl });
    // It is the certificate that is wanted, not a rehearsal of another.
    expect(
      here.rows("select rehearsal from orders where certificate_name = 'tried.test' and status = 'valid'"),
    ).toEqual([{ rehearsal: null }]);
  }, 180_000);

  it('stays there until a person moves it, and says how', async () => {
    const config = here.file('usual.yaml');
    const usual = `ca: ${production.proxy.directoryUrl}\ncaFile: ${production.lab.caFile}\n`;
    await writeFile(config, usual);
    const typed = ['issue', 'tried.test', '--force', '--webroot', here.webroot];
    const again = await runProgram(['--state-dir', here.stateDir, '--config', config, ...typed]);
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toMatch(/^tried\.test stays at .*, as it was asked for; --ca \S+ moves it to /m);
    expect((await here.run(['renew', 'tried.test', '--all'])).exitCode).toBe(0);
    expect(newOrders()).toEqual({ staging: 2, production: 0 });

    const moved = await site('issue', 'tried.test', '--ca', production.proxy.directoryUrl);
    expect(moved.exitCode).toBe(0);
    expect(moved.stderr).toContain(`tried.test: CA ${new URL(staging.proxy.directoryUrl).host} → `);
    expect(newOrders()).toEqual({ staging: 2, production: 1 });
    expect(await issuerOf('tried.test')).toBe('production');
  }, 180_000);

  it('adds a certificate that renew then orders at the staging alone', async () => {
    const added = await site('cert', 'add', 'listed.test', ...atStaging());
    expect(added.exitCode).toBe(0);
    expect((await here.run(['renew', 'listed.test'])).exitCode).toBe(0);
    expect(newOrders()).toEqual({ staging: 1, production: 0 });
    expect(await issuerOf('listed.test')).toBe('staging');
    const elsewhere = await site('issue', 'none.test', '--staging');
    expect(elsewhere).toMatchObject({ exitCode: 2, stdout: '' });
    expect(elsewhere.stderr).toContain('has no staging that acme-ledger knows of');
  }, 180_000);
});
