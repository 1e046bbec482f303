import { createReadStream } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { serveWebroot } from '../../support/webroot-server.ts';

let lab: PebbleLab;
let here: Installation;
beforeAll(async () => {
  lab = await startPebble();
});
afterAll(() => lab.stop());
beforeEach(async () => {
  here = await newInstallation(lab);
});
afterEach(() => here.remove());

/** The machine sees names as the CA does. */
const seeing = () => ['--probe-resolver', lab.dnsAddress, '--probe-http-port', String(lab.httpPort)];

async function answering(status: number, body: string): Promise<Server> {
  const server = createServer((_, response) => {
    response.writeHead(status).end(body);
  });
  await once(server.listen(lab.httpPort, '127.0.0.1'), 'listening');
  return server;
}

it('fetches the token as the CA would before it is submitted', async () => {
  const web = await serveWebroot(here.webroot, lab.httpPort);
  const result = await here.run([...seeing(), 'issue', 'served.test', '--webroot', here.webroot]);
  await web.stop();
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(web.requests.length).toBeGreaterThan(1);
});

it('submits nothing where an address answers with something else than the token', async () => {
  const web = await answering(404, 'Not here');
  const result = await here.run([...seeing(), 'issue', 'other.test', '--webroot', here.webroot]);
  web.close();
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('other.test at 127.0.0.1 answers 404 instead of the token');
  expect(result.stderr).toContain('acme-ledger check other.test');
  // The CA was never asked to validate, so nothing was counted there.
  expect(here.rows('select status, submitted_at from authorizations')).toEqual([
    { status: 'deactivated', submitted_at: null },
  ]);
});

it('warns of a firewall that lets the CA in and this machine not, and issues', async () => {
  const web = createServer((request, response) => {
    const isOurs = request.headers['user-agent'] === 'acme-ledger';
    const file = path.join(here.webroot, request.url ?? '');
    if (isOurs) response.writeHead(403).end();
    else createReadStream(file).pipe(response);
  });
  await once(web.listen(lab.httpPort, '127.0.0.1'), 'listening');
  const result = await here.run([...seeing(), 'issue', 'waf.test', '--webroot', here.webroot]);
  web.close();
  expect(result.exitCode).toBe(0);
  expect(result.stderr).toContain(
    'waf.test at 127.0.0.1 answers 403 instead of the token. It is submitted all the same',
  );
  expect(result.stderr).toContain('acme-ledger check waf.test');
});

it('leaves the look out with --no-check, and to the CA what it can not see', async () => {
  const web = await answering(404, 'Not here');
  const result = await here.run([...seeing(), 'issue', 'un.test', '--webroot', here.webroot, '--no-check']);
  web.close();
  expect(result.exitCode).toBe(1);
  expect(here.rows('select status from authorizations')).toEqual([{ status: 'invalid' }]);
  // Nobody listens: the CA has the word.
  const silent = await here.run([...seeing(), 'issue', 'silent.test', '--webroot', here.webroot]);
  expect(silent.stderr).not.toContain('instead of the token');
  expect(here.rows(`select status from authorizations where identifier = 'silent.test'`)).toEqual([
    { status: 'invalid' },
  ]);
});
