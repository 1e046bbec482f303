import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';

const run = promisify(execFile);

let lab: PebbleLab;
let here: Installation;

beforeAll(async () => {
  // certbot sends a request again once: two rejected nonces in a row end it.
  lab = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
  here = await newInstallation(lab);
});

afterAll(async () => {
  await here.remove();
  await lab.stop();
});

describe('moving to acme-ledger', () => {
  it('from certbot, as the distribution has it: its account and certificate go on', async () => {
    const folders = ['config', 'work', 'logs'].flatMap((name) => [
      `--${name}-dir`,
      here.file(`certbot/${name}`),
    ]);
    const way = [
      '--standalone',
      '--http-01-port',
      String(lab.httpPort),
      '--key-type',
      'rsa',
      '-d',
      'one.test',
    ];
    const consent = ['-n', '--agree-tos', '--register-unsafely-without-email', '--server', lab.directoryUrl];
    await run('certbot', ['certonly', ...folders, ...consent, ...way], { env: trusting() });
    const from = ['--certificates', '--import-accounts', `certbot:${here.file('certbot/config')}`];
    const imported = await here.run(['account', 'import', '--json', ...from]);
    expect(imported).toMatchObject({ exitCode: 0, stderr: '' });
    expect(jsonLines(imported)).toMatchObject([
      { client: 'certbot', outcome: 'added', account: { purpose: 'orders' } },
      { certificate: 'one.test', outcome: 'added', notes: [] },
      { summary: { failed: 0 } },
    ]);
    const nothingDue = await here.run(['renew', '--json']);
    expect(jsonLines(nothingDue)).toMatchObject([{ summary: { due: 0, notDue: 1 } }]);
    const directory = here.certificate('one.test');
    const live = await readFile(here.file('certbot/config/live/one.test/fullchain.pem'), 'utf8');
    expect(await readFile(`${directory}/fullchain.pem`, 'utf8')).toBe(live);
    expect(await faultsOf({ directory, names: ['one.test'], rootPem: await lab.root() })).toEqual([]);
    expect(here.rows('select key_type from certificates')).toEqual([{ key_type: 'rsa2048' }]);
    expect(await here.run(['ledger', 'check'])).toMatchObject({ exitCode: 0 });
  });

  it('from lego, as the distribution has it, with the challenge said anew', async () => {
    const way = ['--http', '--http.port', `:${String(lab.httpPort)}`, '-d', 'two.test'];
    const consent = ['--accept-tos', '--email', 'a@two.test', '--server', lab.directoryUrl];
    await run('lego', ['--path', here.file('lego'), ...consent, ...way, 'run'], { env: trusting() });
    const from = ['--certificates', '--import-accounts', `lego:${here.file('lego')}`];
    const solver = ['--solver', 'standalone', '--listen', `127.0.0.1:${String(lab.httpPort)}`];
    const imported = await here.run(['account', 'import', '--json', ...from, ...solver]);
    expect(imported).toMatchObject({ exitCode: 0, stderr: '' });
    expect(jsonLines(imported)).toMatchObject([
      { client: 'lego', outcome: 'added' },
      { certificate: 'two.test', names: ['two.test'], outcome: 'added' },
      { summary: { failed: 0 } },
    ]);
  });
});

/** Both clients trust the CA's own HTTPS by these. */
function trusting(): NodeJS.ProcessEnv {
  return { ...process.env, REQUESTS_CA_BUNDLE: lab.caFile, LEGO_CA_CERTIFICATES: lab.caFile };
}
