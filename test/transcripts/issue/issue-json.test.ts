import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, jsonOf, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';

let lab: PebbleLab;
let here: Installation;
let webServer: WebrootServer;

beforeAll(async () => {
  lab = await startPebble();
  here = await newInstallation(lab);
  webServer = await serveWebroot(here.webroot, lab.httpPort);
  await lab.challtestsrv.setServfail('bad.test');
});

afterAll(async () => {
  await webServer.stop();
  await lab.stop();
  await here.remove();
});

const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const url: unknown = expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\//);
const text: unknown = expect.stringMatching(/./);
const number: unknown = expect.any(Number);

function authorizationOf(identifier: string): Record<string, unknown> {
  return {
    id: number,
    url,
    ca: lab.directoryUrl,
    account: url,
    identifier,
    wildcard: false,
    status: 'valid',
    challenge: 'submitted',
    challengeType: 'http-01',
    submittedAt: time,
    createdAt: time,
    checkedAt: time,
    expiresAt: time,
    refusedAt: null,
    orders: [number],
    source: 'order',
    client: null,
    logFile: null,
    loggedAt: null,
    error: null,
  };
}

describe('issue --json', () => {
  it('prints one object of the documented shape', async () => {
    const result = await here.run(['issue', 'a.test', 'b.test', '--webroot', here.webroot, '--json']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const file = (name: string): string => path.join(here.certificate('a.test'), name);
    const { authorizations, ...others } = jsonOf(result);
    // In the order of the CA, which Pebble shuffles.
    expect(authorizations).toHaveLength(2);
    // That of a valid one isn't told by the order, and nobody has asked.
    const valid = ['a.test', 'b.test'].map((name) => ({ ...authorizationOf(name), expiresAt: null }));
    expect(authorizations).toEqual(expect.arrayContaining(valid));
    expect(others).toEqual({
      status: 'issued',
      certificate: {
        name: 'a.test',
        names: ['a.test', 'b.test'],
        serial: expect.stringMatching(/^[0-9a-f]+$/) as unknown,
        notBefore: time,
        notAfter: time,
        paths: {
          fullchain: file('fullchain.pem'),
          cert: file('cert.pem'),
          chain: file('chain.pem'),
          privkey: file('privkey.pem'),
        },
      },
      order: { id: number, url, status: 'valid' },
      error: null,
    });
  });

  it('prints a failure in the same shape, with the problem that the CA sent', async () => {
    const result = await here.run(['issue', 'bad.test', '--webroot', here.webroot, '--json']);
    expect(result.exitCode).toBe(1);
    const error = {
      code: 'authorization-invalid',
      message: expect.stringContaining('bad.test') as unknown,
      hint: text,
      problem: {
        type: expect.stringMatching(/^urn:ietf:params:acme:error:/) as unknown,
        detail: text,
        status: number,
        subproblems: [],
      },
      retryAt: null,
    };
    expect(jsonOf(result)).toEqual({
      status: 'failed',
      certificate: null,
      order: { id: number, url, status: 'invalid' },
      authorizations: [
        { ...authorizationOf('bad.test'), status: 'invalid', error: expect.objectContaining({}) as unknown },
      ],
      staysWanted: true,
      error,
    });
    expect(here.rows(`select url from authorizations where status = 'pending'`)).toEqual([]);
  });
});
