import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Solver } from '../../../src/challenges/solver.ts';
import { providerSolver } from '../../../src/challenges/dns/provider-solver.ts';
import { placesOf } from '../../../src/challenges/dns/record-name.ts';
import { answerFor, instantClock, never } from '../answers.ts';
import { DnsServer } from '../dns-server.ts';

const answer = answerFor('dns-01', 'example.com');
const own = '_acme-challenge.example.com';
const behind = 'example.proofs.test';

/** The names at which the provider has a record. */
let records: Set<string>;
let resolver: DnsServer;
beforeEach(async () => {
  records = new Set();
  resolver = await DnsServer.start();
  resolver.add('CNAME', own, behind);
});
afterEach(() => resolver.stop());

/** A solver that doesn't wait for records, of a process of its own. */
function newSolver(): Solver {
  const visibility = { resolver: resolver.address, propagationTimeoutSeconds: 0, dnsRounds: 1 };
  const settings = { ...visibility, dnsQuorum: 'all' as const };
  const provider = {
    async add({ name }: { name: string }) {
      records.add(name);
      return Promise.resolve(null);
    },
    async remove({ name }: { name: string }) {
      records.delete(name);
      return Promise.resolve();
    },
  };
  const queue = { key: 'provider', concurrency: 1 };
  const parts = { clock: instantClock() };
  return providerSolver(provider, { settings, queue, placeOf: placesOf(settings, {}), parts });
}

it('takes a record down where it was put up, though nobody tells the alias any more', async () => {
  const solver = newSolver();
  await solver.present(answer, never);
  expect([...records]).toEqual([behind]);
  resolver.rcode = 2;
  await solver.cleanUp(answer, never);
  expect([...records]).toEqual([]);
});

it('fails another process’s clean-up while nobody tells the alias, so that it is tried again', async () => {
  await newSolver().present(answer, never);
  resolver.rcode = 2;
  await expect(newSolver().cleanUp(answer, never)).rejects.toMatchObject({
    code: 'solver',
    message: expect.stringContaining(`no name server says whether ${own} is an alias`) as string,
  });
  expect([...records]).toEqual([behind]);
  resolver.rcode = 0;
  await newSolver().cleanUp(answer, never);
  expect([...records]).toEqual([]);
});

it('writes at the name itself, and takes that down, on a machine that never sees the DNS', async () => {
  resolver.rcode = 2;
  const solver = newSolver();
  await solver.present(answer, never);
  expect([...records]).toEqual([own]);
  await solver.cleanUp(answer, never);
  expect([...records]).toEqual([]);
});
