import { describe, expect, it } from 'vitest';
import { holdsOf, moveHolds, recordHold } from '../../../src/ledger/limits/holds.ts';
import { type TestLedger, newLedger, noon } from '../new-ledger.ts';
import { storedError } from '../../support/stored-error.ts';

const minutes = (count: number): Date => new Date(noon.getTime() + count * 60_000);

async function hold(ledger: TestLedger, notBefore: Date, subject = ''): Promise<void> {
  const scope = subject === '' ? 'orders' : 'name';
  await recordHold(ledger, {
    accountId: ledger.account.id,
    scope,
    subject,
    limit: 'new-orders',
    notBefore,
    error: storedError({ message: 'too many' }),
  });
}

function until(ledger: TestLedger): Promise<string[]> {
  return holdsOf(ledger.ledger, ledger.account.id, ledger.clock.now()).then((rows) =>
    rows.map((row) => row.not_before.toISOString()),
  );
}

describe('what the CA asked not to be asked', () => {
  it('holds until its time and no longer, the last to end first', async () => {
    const ledger = await newLedger();
    await hold(ledger, minutes(10));
    await hold(ledger, minutes(20), 'a.test');
    expect(await until(ledger)).toEqual([minutes(20).toISOString(), minutes(10).toISOString()]);
    ledger.clock.set(minutes(10));
    expect(await until(ledger)).toEqual([minutes(20).toISOString()]);
    ledger.clock.set(minutes(20));
    expect(await until(ledger)).toEqual([]);
  });

  it('keeps the later of two times that were said of the same', async () => {
    const ledger = await newLedger();
    await hold(ledger, minutes(20));
    await hold(ledger, minutes(10));
    expect(await until(ledger)).toEqual([minutes(20).toISOString()]);
    await hold(ledger, minutes(30));
    expect(await until(ledger)).toEqual([minutes(30).toISOString()]);
  });

  it('forgets those whose time is over when it learns of another', async () => {
    const ledger = await newLedger();
    await hold(ledger, minutes(1), 'a.test');
    ledger.clock.set(minutes(2));
    await hold(ledger, minutes(3), 'b.test');
    const rows = await ledger.ledger.selectFrom('holds').select('subject').execute();
    expect(rows).toEqual([{ subject: 'b.test' }]);
  });

  it('is not made longer by a clock that goes back, and passes from then on', async () => {
    const ledger = await newLedger();
    await hold(ledger, minutes(5));
    ledger.clock.set(minutes(-60));
    expect(await until(ledger)).toEqual([minutes(-55).toISOString()]);
    await moveHolds(ledger, ledger.account.id);
    ledger.clock.set(minutes(-56));
    expect(await until(ledger)).toEqual([minutes(-55).toISOString()]);
    ledger.clock.set(minutes(-55));
    expect(await until(ledger)).toEqual([]);
  });
});
