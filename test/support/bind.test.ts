import { afterAll, beforeAll, expect, test } from 'vitest';
import { askServer } from '../../src/challenges/visibility/dns-query.ts';
import { type BindLab, startBind } from './bind.ts';

const never = new AbortController().signal;
let bind: BindLab;
beforeAll(async () => {
  bind = await startBind({
    zones: [
      { name: 'example.test', servers: ['ns1', 'ns2', 'ns3'], records: ['www A 192.0.2.80'] },
      { name: '_acme-challenge.www.example.test', servers: ['ns2'] },
    ],
    servers: { ns2: { lagSeconds: 2 }, ns3: { isDead: true } },
  });
});
afterAll(() => bind.stop());

test('a name is found from the root, through the delegations', async () => {
  const reply = await askServer(
    bind.resolver,
    { name: 'www.example.test', type: 'A', recursive: true },
    never,
  );
  expect(reply.answers).toEqual([expect.objectContaining({ type: 'A', data: '192.0.2.80' })]);
  const above = await askServer(bind.server('root').address, { name: 'www.example.test', type: 'A' }, never);
  expect(above).toMatchObject({ isAuthoritative: false, answers: [] });
  expect(above.authorities.map((record) => ('data' in record ? record.data : null)).toSorted()).toEqual([
    'ns1.lab',
    'ns2.lab',
    'ns3.lab',
  ]);
  const below = await askServer(
    bind.server('ns1').address,
    { name: '_acme-challenge.www.example.test', type: 'TXT' },
    never,
  );
  expect(below.authorities).toEqual([expect.objectContaining({ type: 'NS', data: 'ns2.lab' })]);
});

test('an update is at the primary at once, at a lagging secondary later, and at a dead one never', async () => {
  await bind.update('example.test', 'update add _acme-challenge.example.test. 1 TXT "one"');
  await expect(bind.txt('ns1', '_acme-challenge.example.test')).resolves.toEqual(['one']);
  await expect
    .poll(() => bind.txt('ns2', '_acme-challenge.example.test'), { timeout: 10_000 })
    .toEqual(['one']);
  await expect(
    askServer(bind.server('ns3').address, { name: 'example.test', type: 'SOA' }, never),
  ).rejects.toMatchObject({ reason: 'refused' });
  expect(bind.server('ns1').questions).toContain('TXT _acme-challenge.www.example.test');
}, 15_000);
