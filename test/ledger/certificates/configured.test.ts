import { describe, expect, it } from 'vitest';
import { certificateByName, listCertificates } from '../../../src/ledger/certificates/certificates.ts';
import { recordConfigured } from '../../../src/ledger/certificates/configured.ts';
import { recordAllWanted } from '../../../src/ledger/certificates/wanted.ts';
import { type TestLedger, newLedger } from '../new-ledger.ts';
import { usedLedger } from '../used-ledger.ts';
import { wantedFor } from '../../support/wanted-for.ts';

async function origins(here: TestLedger): Promise<Record<string, string>> {
  const rows = await listCertificates(here.ledger);
  return Object.fromEntries(rows.map(({ name, origin }) => [name, origin]));
}

async function events(here: TestLedger): Promise<number> {
  return (await here.ledger.selectFrom('events').select('id').execute()).length;
}

describe('the certificates of the configuration', () => {
  it('are written down once, and are wanted no more when they are gone from it', async () => {
    const here = await newLedger();
    const wantedCertificates = ['a.test', 'b.test'].map((name) => wantedFor(here.account.ca, name));
    await recordAllWanted(here, [wantedFor(here.account.ca, 'imported.test')], 'import');
    await recordConfigured(here, wantedCertificates);
    const others = { 'imported.test': 'import' };
    expect(await origins(here)).toEqual({ ...others, 'a.test': 'configuration', 'b.test': 'configuration' });
    const before = await events(here);
    expect(await recordConfigured(here, wantedCertificates)).toMatchObject({ isDone: true });
    expect(await events(here)).toBe(before);
    await recordConfigured(here, wantedCertificates.slice(1));
    expect(await origins(here)).toEqual({ ...others, 'b.test': 'configuration' });
    await recordConfigured(here, []);
    expect(await origins(here)).toEqual(others);
  });

  it('take over what is wanted just so, and what stands of it is not due for that', async () => {
    const here = await usedLedger();
    const before = await certificateByName(here.ledger, 'c.test');
    await recordConfigured(here, [wantedFor(here.account.ca, 'c.test')]);
    expect(await certificateByName(here.ledger, 'c.test')).toEqual({ ...before, origin: 'configuration' });
    // Away and back again, as with a line that was commented out for a day.
    await recordConfigured(here, []);
    await recordConfigured(here, [wantedFor(here.account.ca, 'c.test')]);
    expect(await certificateByName(here.ledger, 'c.test')).toEqual({ ...before, origin: 'configuration' });
  });

  it('leave everything as it is when a command wants another one of the same name', async () => {
    const here = await usedLedger();
    const before = await here.ledger.selectFrom('certificates').selectAll().execute();
    const other = wantedFor(here.account.ca, 'c.test', { keyType: 'ec384' });
    const plan = await recordConfigured(here, [wantedFor(here.account.ca, 'new.test'), other]);
    expect(plan.conflicts).toEqual(['c.test']);
    expect(await here.ledger.selectFrom('certificates').selectAll().execute()).toEqual(before);
  });
});
