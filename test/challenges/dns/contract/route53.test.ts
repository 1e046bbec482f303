import { DnsServer } from '../../dns-server.ts';
import { describeProvider } from './contract.ts';
import { failed, startRoute53 } from './route53-server.ts';
import { newSecretFile } from './secret-file.ts';

describeProvider('route53', async () => {
  const { web, sets } = await startRoute53();
  const dns = await DnsServer.start();
  const file = await newSecretFile(
    '[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = secret-of-the-test\n',
  );
  process.env['AWS_ENDPOINT_URL_ROUTE_53'] = web.url;
  return {
    options: { solver: 'route53', dnsCredentials: file.path, resolver: dns.address },
    values: (name) => Promise.resolve((sets.get(`${name}.`) ?? []).map((value) => value.replaceAll('"', ''))),
    put(name, value) {
      sets.set(`${name}.`, [...(sets.get(`${name}.`) ?? []), `"${value}"`]);
      return Promise.resolve();
    },
    refuseNext(seconds) {
      web.next(failed(400, 'Throttling', 'Rate exceeded', { 'retry-after': String(seconds) }));
    },
    hang: () => web.hang(),
    async stop() {
      delete process.env['AWS_ENDPOINT_URL_ROUTE_53'];
      await Promise.all([web.stop(), dns.stop(), file.remove()]);
    },
  };
});
