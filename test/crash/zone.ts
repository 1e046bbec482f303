import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import type { Challtestsrv } from '../support/challtestsrv.ts';

/** TXT records that a hook changes value by value, as a real zone; challtestsrv alone can only forget all values of a name. */
export interface Zone {
  /** What is there below a domain, as `HOST VALUE`. */
  values(domain: string): string[];
  /** Writes a hook in lego's style; it starts in a few milliseconds, which `node` doesn't. */
  writeHook(file: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server that the hooks talk to, a line for each change, and that tells challtestsrv. */
export async function startZone(challtestsrv: Challtestsrv): Promise<Zone> {
  const valuesByHost = new Map<string, Set<string>>();
  let last: Promise<void> = Promise.resolve();
  const server = createServer((socket) => {
    // A hook that is killed leaves its connection broken.
    socket.on('error', () => undefined);
    let line = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      line += chunk;
      if (!line.endsWith('\n')) return;
      last = last
        .then(() => change(challtestsrv, valuesByHost, line.trimEnd()))
        .then(
          () => void socket.end('ok\n'),
          () => void socket.destroy(),
        );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    values: (domain) =>
      [...valuesByHost]
        .filter(([host]) => host.endsWith(`.${domain}.`))
        .flatMap(([host, values]) => [...values].map((value) => `${host} ${value}`)),
    async writeHook(file) {
      await writeFile(file, hookScript(port));
      await chmod(file, 0o755);
    },
    async stop() {
      server.close();
      await once(server, 'close');
    },
  };
}

async function change(
  challtestsrv: Challtestsrv,
  valuesByHost: Map<string, Set<string>>,
  line: string,
): Promise<void> {
  const [action, host = '', value = ''] = line.split(' ');
  const values = valuesByHost.get(host) ?? new Set();
  valuesByHost.set(host, values);
  if (action === 'present') {
    values.add(value);
    await challtestsrv.setTxt(host, value);
    return;
  }
  values.delete(value);
  await challtestsrv.clearTxt(host);
  for (const rest of values) await challtestsrv.setTxt(host, rest);
}

function hookScript(port: number): string {
  return `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port}
echo "$*" >&3
read -r answer <&3
[ "$answer" = ok ]
`;
}
