/** The scanner alone, as a process whose memory can be measured: writes the URLs that it finds to a file, one a line. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { urlsInLogs } from '../src/clients/logs/urls-in-logs.ts';

const [log = '', foundFile = ''] = process.argv.slice(2);
const found = createWriteStream(foundFile);
const reading = { signal: new AbortController().signal, servers: ['acme-v02.api.letsencrypt.org'] };
const startedAt = performance.now();
for await (const { url } of urlsInLogs([log], reading)) {
  found.write(`${url}\n`);
}
process.stdout.write(`${(performance.now() - startedAt).toFixed(0)}\n`);
found.end();
await finished(found);
