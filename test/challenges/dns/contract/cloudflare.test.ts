import { randomUUID } from 'node:crypto';
import { DnsServer } from '../../dns-server.ts';
import { describeProvider } from './contract.ts';
import { newSecretFile } from './secret-file.ts';
import { type WebAnswer, startWeb } from './web-stage.ts';

interface CloudflareRecord {
  id: string;
  type: string;
  name: string;
  content: string;
}

const zone = { id: 'zone-1', name: 'example.test' };

function page(result: unknown[]): WebAnswer {
  return { status: 200, body: { success: true, errors: [], result, result_info: { page: 1 } } };
}

function refused(status: number, code: number, message: string): WebAnswer {
  return { status, body: { success: false, errors: [{ code, message }], result: null } };
}

describeProvider('cloudflare', async () => {
  let records: CloudflareRecord[] = [];
  const web = await startWeb(({ method, url, body, headers }) => {
    if (headers.authorization !== 'Bearer token-of-the-test')
      return refused(403, 9109, 'Invalid access token');
    const [, id] = /^\/v4\/zones\/zone-1\/dns_records(?:\/(.+))?$/.exec(url.pathname) ?? [];
    if (url.pathname === '/v4/zones') return page(url.searchParams.get('name') === zone.name ? [zone] : []);
    if (method === 'POST') {
      const wanted = JSON.parse(body) as Omit<CloudflareRecord, 'id'>;
      if (records.some(({ name, content }) => name === wanted.name && content === wanted.content))
        return refused(400, 81_058, 'An identical record already exists.');
      const record = { ...wanted, id: randomUUID() };
      records.push(record);
      return { status: 200, body: { success: true, errors: [], result: record } };
    }
    if (method === 'DELETE') {
      if (!records.some((record) => record.id === id)) return refused(404, 81_044, 'Record does not exist.');
      records = records.filter((record) => record.id !== id);
      return { status: 200, body: { success: true, errors: [], result: { id } } };
    }
    return page(records.filter(({ name }) => name === url.searchParams.get('name.exact')));
  });
  const dns = await DnsServer.start();
  const file = await newSecretFile(
    `CLOUDFLARE_BASE_URL=${web.url}/v4\ndns_cloudflare_api_token = token-of-the-test\n`,
  );
  return {
    options: { solver: 'cloudflare', dnsCredentials: file.path, resolver: dns.address },
    values: (name) =>
      Promise.resolve(
        records.filter((record) => record.name === name).map(({ content }) => content.replaceAll('"', '')),
      ),
    put(name, value) {
      records.push({ id: randomUUID(), type: 'TXT', name, content: `"${value}"` });
      return Promise.resolve();
    },
    refuseNext(seconds) {
      web.next({ ...refused(429, 971, 'Please wait'), headers: { 'retry-after': String(seconds) } });
    },
    hang: () => web.hang(),
    async stop() {
      await Promise.all([web.stop(), dns.stop(), file.remove()]);
    },
  };
});
