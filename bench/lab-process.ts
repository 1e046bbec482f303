/** The lab of the benchmark as a process of its own: Pebble, the counting proxy and the web server that the names share. */
import { once } from 'node:events';
import { startPebble } from '../test/support/pebble.ts';
import { type AcmeProxy, startProxy } from '../test/support/proxy.ts';
import { serveWebroot } from '../test/support/webroot-server.ts';
import type { Counted, LabAsks, LabReady } from './lab.ts';

const [webroot = ''] = process.argv.slice(2);
// The benchmark is over, or gone.
const isOver = once(process, 'disconnect');
// A Ctrl-C reaches this process, too; the benchmark decides what becomes of it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
const webServer = await serveWebroot(webroot, pebble.httpPort);
const proxy = await startProxy({ directoryUrl: pebble.directoryUrl });
answerQuestions(proxy);
tell({ directoryUrl: proxy.directoryUrl, caFile: pebble.caFile });

await isOver;
await proxy.stop();
await webServer.stop();
await pebble.stop();

function answerQuestions(counter: AcmeProxy): void {
  let connectionsBefore = 0;
  process.on('message', (asked: LabAsks) => {
    if (asked.ask === 'begin') {
      counter.resetCounts();
      counter.setLatency(asked.latencyMs);
      connectionsBefore = counter.connections();
      tell(null);
    } else {
      tell({ counts: counter.counts, connections: counter.connections() - connectionsBefore });
    }
  });
}

function tell(message: Counted | LabReady | null): void {
  process.send?.(message);
}
