import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import { NameServer } from '../test/support/name-server.ts';
import { cleanEnvironment } from '../test/support/workspace.ts';
import { type Cost, measure } from './measured-process.ts';

/*
 * What a check of 1,000 names costs, 32 at a time: the resolver and the web servers answer after 50 ms each, some names are dead. Ends with 1 when it takes longer than 60 s, more than 200 MB, or doesn't find what is there.
 */

const count = Number(process.env['CHECK_COUNT'] ?? 1_000);
const latencyMs = 50;
/** One of so many names has no address. */
const deadEach = 50;
const program = fileURLToPath(new URL('../bin/acme-ledger', import.meta.url));
const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-check-'));
const output = path.join(directory, 'output');
const httpPort = await freePort();
const web = createServer((_request, response) => {
  setTimeout(() => response.writeHead(404).end(), latencyMs);
}).listen(httpPort, '127.0.0.1');
await once(web, 'listening');
const dns = await NameServer.start();
dns.latencyMs = latencyMs;
try {
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${(loadavg()[0] ?? 0).toFixed(2)} before\n`,
  );
  const names = Array.from({ length: count }, (_, index) => `www.site${index}.example.com`);
  names.forEach((name, index) => {
    if (index % deadEach !== 1) dns.add({ type: 'A', name, data: '127.0.0.1' });
  });
  const list = path.join(directory, 'list.csv');
  await writeFile(list, `names,webroot\n${names.map((name) => `${name},${directory}\n`).join('')}`);
  await run(['cert', 'import', list]);
  const cost = await run(['check', '--all', '--json']);
  const dead = names.filter((_, index) => index % deadEach === 1).length;
  const told = (await readFile(output, 'utf8'))
    .split('\n')
    .filter((line) => line.includes('"severity":"fatal"')).length;
  process.stdout.write(
    `${count} names: ${(cost.wallMs / 1000).toFixed(1)} s, ${(cost.cpuMs / 1000).toFixed(1)} s of CPU, ${(cost.peakKb / 1024).toFixed(0)} MB; ${told} of ${dead} dead names found\n`,
  );
  const isGoodEnough = cost.wallMs < 60_000 && cost.peakKb < 200 * 1024 && told === dead;
  process.exitCode = isGoodEnough ? 0 : 1;
} finally {
  await dns.stop();
  web.closeAllConnections();
  web.close();
  await rm(directory, { recursive: true, force: true });
}

async function run(args: string[]): Promise<Cost> {
  const reach = ['--probe-resolver', dns.address, '--probe-http-port', String(httpPort)];
  const global = ['--state-dir', path.join(directory, 'state'), '--ca', 'https://127.0.0.1:1/directory'];
  return measure(
    { file: process.execPath, args: [program, ...args, ...global, ...reach], env: cleanEnvironment() },
    { outputFile: output, signal: new AbortController().signal, timeoutMs: 300_000 },
  );
}
