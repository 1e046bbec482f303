import { expect, it } from 'vitest';
import { parseSolverSettings } from '../../../src/challenges/settings.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { authorize } from '../../../src/issuance/order/authorize.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { authorizationsOf, recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { newTinyWorld } from '../tiny-issuance.ts';

it('asks for the one authorization of ten that an earlier attempt has not proven', async () => {
  const world = await newTinyWorld();
  try {
    const run = await world.startIssuance();
    const names = Array.from({ length: 10 }, (_, at) => `n${String(at)}.test`);
    const identifiers = parseNames(names);
    const admission = { certificateName: 'n0.test', identifiers, profile: null, waitMs: 0 };
    const placed = await placeOrder(run, await admit(run, admission), identifiers);
    const [open, ...proven] = await authorizationsOf(run.ledger, placed!.row.id);
    for (const { url } of proven) {
      world.ca.authorizations.set(url, 'valid');
      await recordSeen(run, [{ url, status: 'valid', identifier: null, expiresAt: null }]);
    }
    const { session } = run;
    const asked: string[] = [];
    run.session = {
      ...session,
      getAuthorization: (url, signal) => {
        asked.push(url);
        return session.getAuthorization(url, signal);
      },
    };
    const settings = parseSolverSettings({ challenge: 'http-01', solver: 'webroot', webroot: '/tmp' });
    expect(await authorize(run, placed!, () => settings)).toMatchObject({ answer: { status: 'ready' } });
    expect(asked.filter((url) => url !== open?.url)).toEqual([]);
  } finally {
    await world.remove();
  }
});
