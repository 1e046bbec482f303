import { afterEach, beforeEach, expect, it } from 'vitest';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleLater } from '../../../src/issuance/order/settle-later.ts';
import { settleUnowned } from '../../../src/issuance/order/unowned-orders.ts';
import { authorizationsOf } from '../../../src/ledger/authorizations/authorizations.ts';
import { insertPresentations } from '../../../src/ledger/orders/presentations.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

const settings = {
  solver: 'exec',
  challenge: 'http-01',
  hook: '/hooks/hangs',
  hookDirectory: '/',
  hookStyle: 'lego',
  hookTimeoutSeconds: 120,
  hookConcurrency: 1,
  propagationTimeoutSeconds: 0,
  resolver: null,
  dnsRounds: 3,
  dnsQuorum: 'all',
};

/** A run that died with an answer up for each of the names. */
async function leaveUp(...names: string[]): Promise<void> {
  const dead = await world.startIssuance();
  const identifiers = parseNames(names);
  const admitted = await admit(dead, { certificateName: names[0]!, identifiers, profile: null, waitMs: 0 });
  const { row } = (await placeOrder(dead, admitted, identifiers))!;
  const presentations = (await authorizationsOf(dead.ledger, row.id)).map(({ id }, index) => ({
    authorizationId: id,
    settings,
    challengeType: 'http-01',
    challengeUrl: `https://ca.test/challenge/${index}`,
    identifier: { type: 'dns', value: names[index]! },
    token: 'token',
    keyAuthorization: 'token.thumbprint',
  }));
  await insertPresentations(dead, row.id, presentations);
  await dead.die();
}

/** A run whose hook hangs until its time-out, whatever it is to take down. */
async function startHanging(tried: string[]): Promise<RunningIssuance> {
  const run = await world.startIssuance();
  const usual = run.solverFor.bind(run);
  run.solverFor = (given) => ({
    ...usual(given),
    async cleanUp({ identifier }) {
      tried.push(identifier.value);
      await world.clock.sleep(120_000);
      throw new AcmeLedgerError('solver', "the hook didn't end within 120 s");
    },
  });
  return run;
}

it('what a hook that hangs has up is taken down after the work of each run, for a minute', async () => {
  await leaveUp('a.test', 'b.test', 'c.test');
  const tried: string[] = [];
  const options = { includeKept: false, skipNamesKeys: new Set<string>() };
  const ample = { leftMs: () => Infinity };
  const first = await startHanging(tried);
  const left = await settleUnowned(first, options);
  expect({ closed: left.closed, later: left.forLater.length, tried }).toEqual({
    closed: 1,
    later: 1,
    tried: [],
  });
  expect(world.ca.deactivated.toSorted()).toEqual(['a.test', 'b.test', 'c.test']);
  await settleLater(first, left.forLater, ample);
  expect(tried).toHaveLength(1);
  await first.die();

  const second = await startHanging(tried);
  const { closed, forLater } = await settleUnowned(second, options);
  expect({ closed, later: forLater.length, tried: tried.length }).toEqual({ closed: 0, later: 1, tried: 1 });
  await settleLater(second, forLater, ample);
  // One that wasn't tried before comes before one that failed.
  expect(new Set(tried).size).toBe(2);
  expect(tried).toHaveLength(2);
});
