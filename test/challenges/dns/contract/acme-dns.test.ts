import { DnsServer } from '../../dns-server.ts';
import { describeProvider } from './contract.ts';
import { newSecretFile } from './secret-file.ts';
import { startWeb } from './web-stage.ts';

const account = {
  username: 'user-1',
  password: 'password-1',
  subdomain: 'sub-1',
  fulldomain: 'sub-1.acme-dns.test',
};

describeProvider(
  'acme-dns',
  async () => {
    // As acme-dns does: the older of two values gives way.
    let values: string[] = [];
    const web = await startWeb(({ url, body, headers }) => {
      const { subdomain, txt } = JSON.parse(body) as { subdomain: string; txt: string };
      const isOurs = headers['x-api-user'] === account.username && headers['x-api-key'] === account.password;
      if (!isOurs || subdomain !== account.subdomain || url.pathname !== '/update')
        return { status: 401, body: { error: 'forbidden' } };
      values = [...values, txt].slice(-2);
      return { status: 200, body: { txt } };
    });
    const dns = await DnsServer.start();
    dns.add('CNAME', '_acme-challenge.example.test', account.fulldomain);
    const file = await newSecretFile(JSON.stringify({ 'example.test': { ...account, server_url: web.url } }));
    return {
      options: { solver: 'acme-dns', dnsCredentials: file.path, resolver: dns.address },
      values: () => Promise.resolve(values),
      put: (_name, value) => Promise.resolve(void values.push(value)),
      refuseNext(seconds) {
        web.next({ status: 429, headers: { 'retry-after': String(seconds) } });
      },
      hang: () => web.hang(),
      async stop() {
        await Promise.all([web.stop(), dns.stop(), file.remove()]);
      },
    };
  },
  { keepsValues: false },
);
