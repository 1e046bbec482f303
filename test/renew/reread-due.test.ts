import { expect, it } from 'vitest';
import { later } from '../../src/clock.ts';
import { certificateByName, recordWanted } from '../../src/ledger/certificates/certificates.ts';
import { recordStored } from '../../src/ledger/certificates/stored-certificates.ts';
import { rereadDue } from '../../src/renew/reread-due.ts';
import { anIntent, newLedger, noon } from '../ledger/new-ledger.ts';
import { wantedFor } from '../support/wanted-for.ts';

it('a due certificate is done when another run has stored it since it was listed, and only then', async () => {
  const here = await newLedger();
  await recordWanted(here, wantedFor(here.account.ca, 'a.test'), here.account.id);
  const store = async (): Promise<void> => {
    const { id } = await anIntent(here, here.account, ['a.test']);
    const fact = { serial: String(id), notBefore: noon, notAfter: later(noon, 90 * 86_400_000) };
    await recordStored(here, 'a.test', id, fact);
    await here.ledger.updateTable('orders').set({ concluded_at: here.clock.now() }).execute();
  };
  await store();
  const listed = (await certificateByName(here.ledger, 'a.test'))!;
  const due = { reason: 'ending' as const, dueAt: noon };
  expect(await rereadDue(here.ledger, listed, due)).toEqual({ row: listed });
  here.clock.set(later(noon, 1));
  await store();
  expect(await rereadDue(here.ledger, listed, due)).toMatchObject({ done: { status: 'renewed' } });
});
