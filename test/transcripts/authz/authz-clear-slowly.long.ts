import { afterAll, beforeAll, expect, it } from 'vitest';
import { existingAccount } from '../../support/lab-account.ts';
import { boulder } from '../../support/misbehaviour/boulder.ts';
import { parted } from './clear-stage.ts';
import { type LeakLab, expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

it('authz clear --rate deactivates nothing that an attempt was handed and proved while requests waited for their turn', async () => {
  const customer = await lab.newCustomer();
  customer.proxy.setRules(boulder({ countDeactivations: false }).rules);
  expectExit(await customer.run(['account', 'register', '--agree-tos']), 0);
  const own = await customer.account();
  const server = { directoryUrl: customer.proxy.directoryUrl, caPem: lab.pebble.caPem };
  const another = existingAccount(server, own.keyPem, own.url);
  const urls: string[] = [];
  for (const name of ['a.test', 'b.test', 'c.test', 'd.test', 'last.test'])
    urls.push(...(await another.order(name)).authorizations);
  const last = urls.at(-1)!;
  customer.proxy.resetCounts();
  const clear = customer.start(['authz', 'clear', '--json', '--rate', '1/s', ...urls]);
  // All have been looked at; a request a second, they are deactivated next.
  await until('the last was looked at', () => customer.proxy.requests.some(({ url }) => url === last));
  expectExit(await customer.issue('last.test'), 0);
  const cleared = await clear.finished;
  const { lines } = parted(jsonLines(cleared));
  const actions = new Map(lines.map(({ url, action }) => [url, action]));
  expect(urls.map((url) => actions.get(url)).slice(0, 4)).toEqual(Array(4).fill('deactivated'));
  expect(await customer.atCa()).toMatchObject({ 'a.test': 'deactivated', 'd.test': 'deactivated' });
  // The attempt was handed the pending order, or came too late for it and made one of its own.
  const { status } = await lab.pebble.askAuthorization(last, own.keyPem, own.url);
  expect([status, actions.get(last)]).toEqual(
    status === 'valid'
      ? ['valid', expect.stringMatching(/resumable|already-final/)]
      : ['deactivated', 'deactivated'],
  );
  const submitted = [...customer.proxy.census.authorizations.values()].filter(
    ({ isSubmitted }) => isSubmitted,
  );
  for (const { url } of submitted)
    expect((await lab.pebble.askAuthorization(url, own.keyPem, own.url)).status).toBe('valid');
}, 180_000);
