import { afterEach, beforeEach, expect, it } from 'vitest';
import { dnsRecordName, dnsRecordValue } from '../../../src/challenges/answer-values.ts';
import { settingsFromOptions } from '../../../src/challenges/settings-from-options.ts';
import { noteRecordSeen, type RecordSeen } from '../../../src/challenges/visibility/records-seen.ts';
import { waitForCaches } from '../../../src/issuance/answers/cache-wait.ts';
import { answerOf } from '../../../src/issuance/answers/stored-answer.ts';
import { recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { insertPresentations } from '../../../src/ledger/orders/presentations.ts';
import { recordSubmitting } from '../../../src/ledger/orders/submissions.ts';
import { anOrder } from '../../ledger/new-ledger.ts';
import { newTinyWorld, type RunningIssuance, type TinyWorld } from '../tiny-issuance.ts';

const identifier = { type: 'dns' as const, value: 'example.com' };
const settings = settingsFromOptions({ dnsServer: '127.0.0.1', tsigKeyFile: '' }, '/');

let world: TinyWorld;
let run: RunningIssuance;
beforeEach(async () => {
  world = await newTinyWorld();
  run = await world.startIssuance();
});
afterEach(async () => {
  await run.die();
  await world.remove();
});

let orders = 0;

/** A new order for the name whose record was seen, and its wait. */
async function wait(seen: Partial<RecordSeen> = {}) {
  // One that is open is the only one of its names.
  const other = `other-${String((orders += 1))}.test`;
  const { order, authorizationIds } = await anOrder(run, run.account, ['example.com', other]);
  const [authorizationId = 0] = authorizationIds;
  const challengeUrl = 'https://ca.test/challenge/1';
  const presentation = { authorizationId, settings, challengeType: 'dns-01', challengeUrl, identifier };
  await insertPresentations(run, order.id, [
    { ...presentation, token: 'token', keyAuthorization: `token.${String(order.id)}` },
  ]);
  const byOrder = run.ledger.selectFrom('presentations').selectAll().where('order_id', '=', order.id);
  const row = await byOrder.executeTakeFirstOrThrow();
  const answer = answerOf(row);
  noteRecordSeen(dnsRecordName(answer), dnsRecordValue(answer), {
    serverSet: 'ns1.example.net',
    isDelegated: true,
    ttlSeconds: 60,
    negativeTtlSeconds: () => Promise.resolve(0),
    ...seen,
  });
  const byId = run.ledger.selectFrom('authorizations').selectAll().where('id', '=', authorizationId);
  const task = {
    row: await byId.executeTakeFirstOrThrow(),
    authorization: {
      url: '',
      status: 'pending' as const,
      expiresAt: null,
      identifier,
      wildcard: false,
      challenges: [],
    },
    challenge: {
      url: challengeUrl,
      type: 'dns-01',
      status: 'pending' as const,
      token: 'token',
      error: null,
    },
    settings,
  };
  return { order, authorizationId, url: task.row.url, ...(await waitForCaches(run, [task], [row])) };
}

/** The name was proven; what the CA showed of that comes so much later. */
async function proven(afterMs: number): Promise<void> {
  const { order, authorizationId, url } = await wait();
  const submitted = [{ authorizationId, type: 'dns-01', url: 'https://ca.test/challenge/1' }];
  await recordSubmitting(run, order.id, submitted);
  world.clock.pass(afterMs);
  const name = { ...identifier, wildcard: false };
  await recordSeen(run, [{ url, status: 'valid', identifier: name, expiresAt: null }]);
}

it('waits for what resolvers remember of a validation a moment ago', async () => {
  await proven(5_000);
  world.clock.pass(20_000);
  expect(await wait()).toMatchObject({ waited: true });
  expect(world.clock.slept.at(-1)).toBe(40_000);
});

it('does not wait because an old authorization was looked at a moment ago', async () => {
  await proven(86_400_000);
  expect(await wait()).toMatchObject({ waited: false });
});

it('learns of servers that the zone above names, and not of those that only a resolver tells', async () => {
  const { authorizationId, serverSets } = await wait();
  expect(serverSets).toEqual(new Map([[authorizationId, 'ns1.example.net']]));
  expect(await wait({ isDelegated: false })).toMatchObject({ serverSets: new Map() });
});
