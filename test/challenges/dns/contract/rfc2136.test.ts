import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { startBindServer } from '../bind-server.ts';
import { describeProvider } from './contract.ts';

describeProvider('rfc2136', async () => {
  const bind = await startBindServer([{ name: 'example.test' }]);
  const silent = createSocket('udp4');
  silent.bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const options = { dnsServer: bind.address, tsigKeyFile: bind.keyFile, resolver: bind.address };
  return {
    options,
    values: (name) => bind.values(name),
    put: (name, value) => bind.update('example.test', `update add ${name}. 60 TXT "${value}"`),
    refuseNext: null,
    hang() {
      options.dnsServer = `127.0.0.1:${String(silent.address().port)}`;
    },
    async stop() {
      silent.close();
      await bind.stop();
    },
  };
});
