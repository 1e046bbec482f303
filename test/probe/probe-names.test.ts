import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createSolver } from '../../src/challenges/create-solver.ts';
import { probeNames } from '../../src/probe/probe-names.ts';
import { newWorkspace } from '../support/workspace.ts';
import { newTinyWorld } from '../issuance/tiny-issuance.ts';

it("a probe's time begins when its hook's turn comes: many slow hooks make no healthy name look dead", async () => {
  const [world, here] = [await newTinyWorld(), await newWorkspace()];
  const server = createServer((request, response) => {
    const token = request.url?.split('/').at(-1) ?? '';
    readFile(here.file(token)).then(
      (body) => response.end(body),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const run = await world.startIssuance();
  const script = 'if [ $1 = present ]; then sleep 0.8; printf %s $4 > $3; else rm $3; fi';
  const settings = {
    solver: 'exec',
    challenge: 'http-01',
    hook: `sh -c '${script}' hook`,
    hookDirectory: here.directory,
    hookStyle: 'lego',
    hookTimeoutSeconds: 10,
    hookConcurrency: 1,
    propagationTimeoutSeconds: 0,
    resolver: null,
    dnsRounds: 3,
    dnsQuorum: 'all',
  } as const;
  const candidates = [];
  for (const value of [1, 2, 3, 4, 5, 6].map((each) => `127.0.0.${each}`)) {
    const row = { account_id: run.account.id, type: 'ip', value, consecutive_failures: 1 } as const;
    const name = await world.ledger
      .insertInto('identifiers')
      .values(row)
      .returningAll()
      .executeTakeFirstOrThrow();
    candidates.push({ name, settings, keyThumbprint: 'thumbprint' });
  }
  const probing = {
    writer: run,
    solverFor: (one: Parameters<typeof createSolver>[0]) => createSolver(one, run),
    stops: run.stops,
    log: run.log,
    mayTakeDown: () => true,
    everyMs: 3_600_000,
    view: { resolver: null, httpPort: (server.address() as AddressInfo).port, tlsPort: 1 },
    mayStart: () => true,
    longestMs: 4_500,
  };
  expect(await probeNames(probing, candidates)).toBe(6);
  server.close();
  await world.remove();
  await here.remove();
});
