import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type AcmeProxy, startProxy } from '../../support/proxy.ts';
import { serveWebroot } from '../../support/webroot-server.ts';

let lab: PebbleLab;
let proxy: AcmeProxy;
let here: Installation;

beforeAll(async () => {
  lab = await startPebble({ env: { PEBBLE_AUTHZREUSE: '100' } });
});

afterAll(async () => {
  await lab.stop();
});

beforeEach(async () => {
  proxy = await startProxy({ directoryUrl: lab.directoryUrl });
  here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
});

afterEach(async () => {
  await proxy.stop();
  await here.remove();
});

it('names that are valid at the CA beforehand are certified with nothing put up, and hold no place at the gate', async () => {
  const webServer = await serveWebroot(here.webroot, lab.httpPort);
  const names = ['before.test', 'www.before.test'];
  expect(await here.run(['issue', ...names, '--webroot', here.webroot])).toMatchObject({ exitCode: 0 });
  await webServer.stop();
  const counted: unknown[] = [];
  proxy.setFault(({ kind }) => {
    if (kind === 'finalize')
      counted.push(
        ...here.rows(
          `select (select count(*) from authorizations where status = 'pending') as pending,
            (select sum(reserved) from orders) as reserved`,
        ),
      );
    return undefined;
  });
  const presentations = here.rows('select id from presentations').length;
  expect(
    await here.run(['issue', '--force', ...names, '--solver', 'none', '--max-pending', '2']),
  ).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('--solver none') as string });
  // A request whose nonce the CA refuses is sent twice.
  expect(new Set(counted.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"pending":0,"reserved":0}']));
  expect(here.rows('select id from presentations')).toHaveLength(presentations);
  const shown = await here.run(['cert', 'show', 'before.test']);
  expect(shown.stdout).toContain('  solver    none: the CA has validated the names beforehand\n');
  expect(shown.stdout).toMatch(/ {2}proven {4}beforehand, as none says, last/);
});

it.each(['deactivate', 'resume'])(
  'a challenge that is asked for all the same is an error that says so, and the authorization is deactivated: %s',
  async (policy) => {
    const asked = ['issue', 'asked.test', '*.asked.test', '--solver', 'none', '--on-unsubmitted', policy];
    const refused = await here.run(asked);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(
      /error: (\*\.)?asked\.test: the CA wants it proven, and with the solver none it is to be valid there beforehand; its authorization is deactivated \(and 1 more names failed\)\nhint: validate the name at the CA first, or choose another --solver; nothing was put up\n/,
    );
    expect(here.rows('select status, challenge from authorizations')).toEqual([
      { status: 'deactivated', challenge: 'none' },
      { status: 'deactivated', challenge: 'none' },
    ]);
    expect(here.rows('select id from presentations')).toEqual([]);
    expect(here.rows('select id from orders where run_id is not null or reserved > 0')).toEqual([]);
  },
);
