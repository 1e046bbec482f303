import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { vendorPackage } from '../../../src/challenges/dns/vendor-package.ts';
import { settingsFromOptions } from '../../../src/challenges/settings-from-options.ts';
import type { Solver } from '../../../src/challenges/solver.ts';
import { systemClock } from '../../../src/clock.ts';
import { answerFor, never } from '../answers.ts';
import { DnsServer } from '../dns-server.ts';
import { failed, type Route53Stage, startRoute53 } from './contract/route53-server.ts';
import { newSecretFile, type SecretFile } from './contract/secret-file.ts';

let stage: Route53Stage;
let dns: DnsServer;
let file: SecretFile;
beforeAll(async () => {
  stage = await startRoute53();
  dns = await DnsServer.start();
  file = await newSecretFile('AWS_ACCESS_KEY_ID=AKIATEST\nAWS_SECRET_ACCESS_KEY=secret-of-the-test\n');
  process.env['AWS_ENDPOINT_URL_ROUTE_53'] = stage.web.url;
});
afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_ROUTE_53'];
  await Promise.all([stage.web.stop(), dns.stop(), file.remove()]);
});

function route53(path = file.path): Solver {
  const options = { solver: 'route53', dnsCredentials: path, resolver: dns.address };
  return createSolver(settingsFromOptions({ ...options, propagationTimeout: '1s' }, '/'), {
    clock: systemClock,
  });
}

it('a change is waited for until the provider has published it', async () => {
  const answer = answerFor('dns-01', 'slow.example.test');
  const solver = route53();
  await solver.present(answer, never);
  stage.pendingAnswers = 1;
  // The name server of the test never shows it: that is looked at behind the provider's word.
  await expect(solver.waitUntilVisible(answer, never)).rejects.toThrow("didn't show its TXT value");
  expect(stage.pendingAnswers).toBe(-1);
});

it('a set with a routing policy is left alone', async () => {
  stage.sets.set('_acme-challenge.w.example.test.', ['"of-somebody-else"']);
  stage.weighted.add('_acme-challenge.w.example.test.');
  const before = stage.web.requests.length;
  await expect(route53().present(answerFor('dns-01', 'w.example.test'), never)).rejects.toMatchObject({
    code: 'solver',
    message:
      '_acme-challenge.w.example.test has TXT records with a routing policy at Route 53, which are left alone',
  });
  expect(stage.web.requests.slice(before).map(({ method }) => method)).not.toContain('POST');
});

it('a change that waits for another one is tried again', async () => {
  stage.web.next(
    failed(
      400,
      'PriorRequestNotComplete',
      'The request was rejected because Route 53 was still processing a prior request.',
    ),
  );
  const answer = answerFor('dns-01', 'prior.example.test');
  await route53().present(answer, never);
  expect(stage.sets.get('_acme-challenge.prior.example.test.')).toHaveLength(1);
});

it('credentials that are refused are told with the rights that they need, and without themselves', async () => {
  const other = await newSecretFile(
    'AWS_ACCESS_KEY_ID=AKIAOTHER\nAWS_SECRET_ACCESS_KEY=secret-of-the-test\n',
  );
  const presented = route53(other.path).present(answerFor('dns-01', 'x.example.test'), never);
  await expect(presented).rejects.toMatchObject({
    message: expect.stringContaining('Route 53 refuses the credentials') as string,
    hint: expect.stringContaining('route53:ChangeResourceRecordSets') as string,
  });
  await expect(presented).rejects.not.toThrow(/secret-of-the-test|AKIAOTHER/);
  await other.remove();
});

it('a zone that the account has not is told', async () => {
  await expect(route53().present(answerFor('dns-01', 'example.org'), never)).rejects.toThrow(
    'Route 53 shows no zone for _acme-challenge.example.org to these credentials',
  );
});

it.each([
  ['ERR_MODULE_NOT_FOUND', "Cannot find package 'cloudflare' imported from /srv/x.mjs"],
  ['MODULE_NOT_FOUND', "Cannot find module 'cloudflare'\nRequire stack:\n- /srv/x.cjs"],
])('a client that is not installed (%s) is told with the command that installs it', async (code, message) => {
  const missing = vendorPackage({ name: 'cloudflare', version: 7 }, () =>
    Promise.reject(Object.assign(new Error(message), { code })),
  );
  await expect(missing).rejects.toMatchObject({
    code: 'solver',
    message: "the package cloudflare, which this solver works with, isn't installed",
    hint: 'npm install -g cloudflare@7',
  });
});
