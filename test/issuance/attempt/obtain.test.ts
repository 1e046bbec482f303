import { afterEach, beforeEach, expect, it } from 'vitest';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { obtain } from '../../../src/issuance/attempt/obtain.ts';
import { recordWanted } from '../../../src/ledger/certificates/certificates.ts';
import { wantedFor } from '../../support/wanted-for.ts';
import { type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

it('an attempt that is interrupted before its order is repeated ends as an attempt, not as an error', async () => {
  const run = await world.startIssuance();
  const certificate = await recordWanted(run, wantedFor(run.account.ca, 'a.test'), run.account.id);
  const noAnswer = new AcmeLedgerError('ca-unreachable', 'no answer');
  run.session = { ...run.session, newOrder: () => Promise.reject(noAnswer) };
  run.outage.mayRepeat = () => Promise.reject(new AcmeLedgerError('interrupted', 'stopped by a signal'));
  const attempt = await obtain(run, certificate, { names: ['a.test'], waitMs: 0 });
  expect(attempt).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
});
