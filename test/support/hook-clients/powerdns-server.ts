import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Challtestsrv } from '../challtestsrv.ts';

interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  records: { content: string }[];
}

/** The part of PowerDNS's HTTP API that lexicon uses, for the DNS behind Pebble. */
export async function startPowerDns(
  dns: Challtestsrv,
  token: string,
): Promise<{ url: string; stop(): void }> {
  const zones = new Map<string, RecordSet[]>();
  const server = createServer((request, response) => {
    (async () => {
      const zone = /^\/api\/v1\/servers\/localhost\/zones\/([\w.-]+)$/.exec(request.url ?? '')?.[1];
      if (zone === undefined || request.headers['x-api-key'] !== token)
        return response.writeHead(zone === undefined ? 404 : 401).end();
      if (request.method === 'PATCH') {
        const { rrsets } = JSON.parse(await bodyOf(request)) as { rrsets: RecordSet[] };
        for (const set of rrsets) await show(dns, set);
        const changed = rrsets.map(({ name }) => name);
        const others = (zones.get(zone) ?? []).filter(({ name }) => !changed.includes(name));
        zones.set(zone, [...others, ...rrsets]);
        return response.writeHead(204).end();
      }
      return response.end(JSON.stringify({ kind: 'Native', rrsets: zones.get(zone) ?? [] }));
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}`, stop: () => server.close() };
}

async function show(dns: Challtestsrv, { name, records }: RecordSet): Promise<void> {
  await dns.clearTxt(name);
  for (const { content } of records) await dns.setTxt(name, content.replaceAll('"', ''));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
