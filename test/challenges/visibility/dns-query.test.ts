import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askServer } from '../../../src/challenges/visibility/dns-query.ts';
import { freePort } from '../../support/free-port.ts';
import { NameServer } from '../../support/name-server.ts';
import { never } from '../answers.ts';

let server: NameServer;
beforeEach(async () => {
  server = await NameServer.start();
  server.add(
    { type: 'TXT', name: 'a.test', data: ['one', 'two'] },
    { type: 'CAA', name: 'a.test', data: { flags: 128, tag: 'issue', value: 'ca.test' } },
    { type: 'CNAME', name: 'www.a.test', data: 'a.test' },
  );
});
afterEach(() => server.stop());

it('gives what the server answers, also that there is nothing', async () => {
  const found = await askServer(server.address, { name: 'A.test.', type: 'CAA' }, never);
  expect(found).toMatchObject({
    rcode: 'NOERROR',
    isAuthoritative: true,
    answers: [{ type: 'CAA', data: { issuerCritical: true, tag: 'issue', value: 'ca.test' } }],
  });
  const alias = await askServer(server.address, { name: 'www.a.test', type: 'TXT' }, never);
  expect(alias.answers.map(({ type }) => type)).toEqual(['CNAME', 'TXT']);
  const none = await askServer(server.address, { name: 'none.test', type: 'A' }, never);
  expect(none).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
  server.mood = () => 'REFUSED';
  const refused = await askServer(server.address, { name: 'a.test', type: 'A' }, never);
  expect(refused).toMatchObject({ rcode: 'REFUSED', isAuthoritative: false });
});

it('asks by TCP for what does not fit', async () => {
  server.truncates = true;
  const { answers } = await askServer(server.address, { name: 'a.test', type: 'TXT' }, never);
  expect(answers).toHaveLength(1);
  expect(server.questions).toEqual(['TXT a.test', 'TXT a.test TCP']);
});

it('does without EDNS where the server does not know it', async () => {
  server.mood = ({ hasEdns }) => (hasEdns ? 'FORMERR' : null);
  const { answers } = await askServer(server.address, { name: 'a.test', type: 'TXT' }, never);
  expect(answers).toHaveLength(1);
});

it('asks once more where a packet was lost, and tells apart how a server is silent', async () => {
  let lost = 0;
  server.mood = () => (lost++ === 0 ? 'silent' : null);
  const limits = { timeoutMs: 100 };
  const ask = (address = server.address): Promise<unknown> =>
    askServer(address, { name: 'a.test', type: 'TXT' }, never, limits);
  await ask();
  server.mood = () => 'silent';
  await expect(ask()).rejects.toMatchObject({ reason: 'timeout' });
  await expect(ask(`127.0.0.1:${String(await freePort())}`)).rejects.toMatchObject({ reason: 'refused' });
});

it('takes no answer to another question, and none that is no DNS', async () => {
  const liar = createSocket('udp4');
  liar.on('message', (bytes, { port, address }) => {
    const otherId = Buffer.from(bytes);
    otherId.writeUInt16BE((bytes.readUInt16BE(0) + 1) % 0x10000);
    otherId.writeUInt16BE(0x8400, 2);
    liar.send(otherId, port, address);
    liar.send('nonsense', port, address);
  });
  liar.bind(0, '127.0.0.1');
  await once(liar, 'listening');
  const address = `127.0.0.1:${String(liar.address().port)}`;
  const asked = askServer(address, { name: 'a.test', type: 'A' }, never, { timeoutMs: 100, tries: 1 });
  await expect(asked).rejects.toMatchObject({ reason: 'timeout' });
  liar.close();
});

it('ends soon after it is stopped', async () => {
  server.mood = () => 'silent';
  const stop = new AbortController();
  const asked = askServer(server.address, { name: 'a.test', type: 'A' }, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(asked).rejects.toThrow('stopped');
});
