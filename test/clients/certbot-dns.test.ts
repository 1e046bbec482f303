import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { settingsFromOptions } from '../../src/challenges/settings-from-options.ts';
import { credentialsKey, dnsPluginSolver } from '../../src/clients/known/certbot-dns.ts';

let directory: string;
let ini: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-certbot-'));
  ini = path.join(directory, 'secrets/credentials.ini');
  await mkdir(path.dirname(ini));
});
afterEach(() => rm(directory, { recursive: true }));

it('certbot’s key for a plugin’s credentials is that of its renewal files', () => {
  expect(credentialsKey('dns-rfc2136')).toBe('dns_rfc2136_credentials');
});

it.each([
  ['dns-cloudflare', 'cloudflare', 'npm install -g cloudflare@7'],
  ['dns-google', 'gcloud', 'npm install -g @google-cloud/dns@5'],
])('%s becomes %s with the same credentials file', async (plugin, solver, install) => {
  await writeFile(ini, 'dns_cloudflare_api_token = t', { mode: 0o600 });
  const taken = await dnsPluginSolver({ plugin, credentials: ini, beside: () => Promise.resolve(null) });
  expect(taken?.notes.join()).toContain(install);
  expect(settingsFromOptions(taken?.solver ?? {}, '/')).toMatchObject({ solver, credentialsFile: ini });
});

it('dns-route53 becomes route53, whose client finds what certbot’s found', async () => {
  const taken = await dnsPluginSolver({
    plugin: 'dns-route53',
    credentials: null,
    beside: () => Promise.resolve(null),
  });
  expect(settingsFromOptions(taken?.solver ?? {}, '/')).toMatchObject({
    solver: 'route53',
    credentialsFile: null,
  });
});

it.each([
  ['192.0.2.53', '', '192.0.2.53:53'],
  ['2001:db8::53', 'dns_rfc2136_port = 5353\n', '[2001:db8::53]:5353'],
])('dns-rfc2136 at %s becomes rfc2136, whose key stays in its file', async (server, port, dnsServer) => {
  const text = `# the server\ndns_rfc2136_server = ${server}\n${port}dns_rfc2136_name = acme.\ndns_rfc2136_secret = AAAAAAAAAAA=\n`;
  await writeFile(ini, text, { mode: 0o600 });
  const taken = await dnsPluginSolver({
    plugin: 'dns-rfc2136',
    credentials: ini,
    beside: () => Promise.resolve(text),
  });
  const settings = settingsFromOptions(taken?.solver ?? {}, '/');
  expect(settings).toMatchObject({ solver: 'rfc2136', dnsServer, tsigKeyFile: ini, tsigName: null });
  expect(JSON.stringify(taken)).not.toContain('AAAAAAAAAAA=');
});

it.each([
  ['dns-cloudflare', null, null, 'has no credentials file'],
  ['dns-rfc2136', null, null, 'has no credentials file'],
  ['dns-rfc2136', '/x.ini', null, "can't be read"],
  ['dns-rfc2136', '/x.ini', 'dns_rfc2136_server = ns1.example.com', 'no name server by its address'],
])('%s with credentials %j and text %j is left', async (plugin, credentials, text, reason) => {
  const taken = await dnsPluginSolver({ plugin, credentials, beside: () => Promise.resolve(text) });
  expect(taken).toMatchObject({ solver: null, unsolved: expect.stringContaining(reason) as string });
});

it('a plugin that nothing here is like is left to others', async () => {
  await expect(
    dnsPluginSolver({ plugin: 'dns-linode', credentials: '/x.ini', beside: () => Promise.resolve(null) }),
  ).resolves.toBeNull();
});
