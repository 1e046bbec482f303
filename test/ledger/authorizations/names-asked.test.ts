import { expect, it } from 'vitest';
import { authorizationsOf, recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { namesAuthorized } from '../../../src/ledger/authorizations/names-asked.ts';
import { anOrder, newLedger, noon } from '../new-ledger.ts';

const dayMs = 86_400_000;

it('knows the names of which an account has a valid authorization that has not ended', async () => {
  const made = await newLedger();
  const names = ['ends.test', 'unsaid.test', 'open.test', 'wild.test'];
  const { order } = await anOrder(made, made.account, names);
  const rows = await authorizationsOf(made.ledger, order.id);
  const validUntil = [new Date(noon.getTime() + dayMs), null, null, new Date(noon.getTime() + dayMs)];
  await recordSeen(
    made,
    rows.map(({ url }, index) => ({
      url,
      status: index === 2 ? ('pending' as const) : ('valid' as const),
      identifier: { type: 'dns', value: names[index] ?? '', wildcard: index === 3 },
      expiresAt: validUntil[index] ?? null,
    })),
  );
  const authorized = async (afterMs: number, account = made.account.id): Promise<string[]> => {
    const now = new Date(noon.getTime() + afterMs);
    return [...(await namesAuthorized(made.ledger, account, [...names, '*.wild.test'], now))].sort();
  };
  expect(await authorized(0)).toEqual(['*.wild.test', 'ends.test', 'unsaid.test']);
  expect(await authorized(2 * dayMs)).toEqual(['unsaid.test']);
  expect(await authorized(31 * dayMs)).toEqual([]);
  expect(await authorized(0, made.account.id + 1)).toEqual([]);
});
