/** The lab of the benchmark as a process of its own: Pebbles, each with a counting proxy and a web server for the webroot that all names share. */
import { once } from 'node:events';
import { requestKinds } from '../test/support/acme-request.ts';
import { type PebbleLab, startPebble } from '../test/support/pebble.ts';
import { type AcmeProxy, startProxy } from '../test/support/proxy.ts';
import { serveWebroot } from '../test/support/webroot-server.ts';
import type { Counted, LabAsks, LabReady } from './lab.ts';

const [webroot = '', authorities = '1'] = process.argv.slice(2);
// The benchmark is over, or gone.
const isOver = once(process, 'disconnect');
// A Ctrl-C reaches this process, too; the benchmark decides what becomes of it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const started: Authority[] = [];
// One after the other: each looks for ports that are free.
for (let count = 0; count < Number(authorities); count++) started.push(await startAuthority());
const [first] = started;
if (first === undefined) throw new Error('a lab without a CA');
answerQuestions();
tell({
  directoryUrl: first.proxy.directoryUrl,
  directoryUrls: started.map(({ proxy }) => proxy.directoryUrl),
  caFile: first.pebble.caFile,
});

await isOver;
await Promise.all(started.map((authority) => authority.stop()));

interface Authority {
  pebble: PebbleLab;
  proxy: AcmeProxy;
  stop(): Promise<void>;
}

async function startAuthority(): Promise<Authority> {
  const pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
  const webServer = await serveWebroot(webroot, pebble.httpPort);
  const proxy = await startProxy({ directoryUrl: pebble.directoryUrl });
  const stop = async (): Promise<void> => {
    await proxy.stop();
    await webServer.stop();
    await pebble.stop();
  };
  return { pebble, proxy, stop };
}

function answerQuestions(): void {
  let connectionsBefore = 0;
  const connections = (): number => started.reduce((sum, { proxy }) => sum + proxy.connections(), 0);
  process.on('message', (asked: LabAsks) => {
    if (asked.ask === 'begin') {
      for (const { proxy } of started) {
        proxy.resetCounts();
        proxy.setLatency(asked.latencyMs);
      }
      connectionsBefore = connections();
      tell(null);
    } else {
      tell({ counts: countsOfAll(), connections: connections() - connectionsBefore });
    }
  });
}

function countsOfAll(): Counted['counts'] {
  const all = started.map(({ proxy }) => proxy.counts);
  return Object.fromEntries(
    requestKinds.map((kind) => [kind, all.reduce((sum, counts) => sum + counts[kind], 0)]),
  ) as Counted['counts'];
}

function tell(message: Counted | LabReady | null): void {
  process.send?.(message);
}
