import { DnsServer } from '../../dns-server.ts';
import { describeProvider } from './contract.ts';
import { newSecretFile } from './secret-file.ts';
import { startWeb } from './web-stage.ts';

describeProvider('httpreq', async () => {
  const zone = new Map<string, Set<string>>();
  const at = (name: string): Set<string> => {
    const values = zone.get(name) ?? new Set();
    zone.set(name, values);
    return values;
  };
  const web = await startWeb(({ url, body, headers }) => {
    if (headers.authorization !== `Basic ${btoa('user:password')}`) return { status: 401 };
    const { fqdn, value } = JSON.parse(body) as { fqdn: string; value: string };
    if (url.pathname === '/dns/present') at(fqdn).add(value);
    else at(fqdn).delete(value);
    return { status: 200 };
  });
  const dns = await DnsServer.start();
  const file = await newSecretFile(
    `HTTPREQ_ENDPOINT=${web.url}/dns/\nHTTPREQ_USERNAME=user\nHTTPREQ_PASSWORD=password\n`,
  );
  return {
    options: { solver: 'httpreq', dnsCredentials: file.path, resolver: dns.address },
    values: (name) => Promise.resolve([...at(`${name}.`)]),
    put: (name, value) => Promise.resolve(void at(`${name}.`).add(value)),
    refuseNext(seconds) {
      web.next({ status: 429, headers: { 'retry-after': String(seconds) } });
    },
    hang: () => web.hang(),
    async stop() {
      await Promise.all([web.stop(), dns.stop(), file.remove()]);
    },
  };
});
