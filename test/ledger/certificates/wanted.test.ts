import { describe, expect, it } from 'vitest';
import type { WantedCertificate } from '../../../src/ledger/certificates/certificates.ts';
import {
  certificateByName,
  listCertificates,
  recordRemoved,
  recordWanted,
} from '../../../src/ledger/certificates/certificates.ts';
import { recordAllWanted } from '../../../src/ledger/certificates/wanted.ts';
import { type TestLedger, newLedger } from '../new-ledger.ts';
import { usedLedger } from '../used-ledger.ts';
import { queried } from '../../support/raw-database.ts';
import { wantedFor } from '../../support/wanted-for.ts';

async function outcomes(
  here: TestLedger,
  wantedCertificates: WantedCertificate[],
): Promise<Record<string, string>> {
  const compared = await recordAllWanted(here, wantedCertificates, 'import');
  return Object.fromEntries(compared.map(({ wanted, outcome }) => [wanted.name, outcome]));
}

async function wantedEvents(here: TestLedger): Promise<number> {
  const rows = await here.ledger
    .selectFrom('events')
    .select('id')
    .where('kind', '=', 'certificate-wanted')
    .execute();
  return rows.length;
}

describe('certificates that are wanted', () => {
  it('write settings and names anew that can not be read any more', async () => {
    const here = await newLedger();
    const wanted = wantedFor(here.account.ca, 'a.test');
    for (const column of ['settings', 'names']) {
      await recordWanted(here, wanted, here.account.id);
      queried(here.file, `update certificates set ${column} = 'x'`);
      expect(await outcomes(here, [wanted])).toEqual({ 'a.test': 'changed' });
      queried(here.file, `update certificates set ${column} = 'x'`);
      expect((await recordWanted(here, wanted, here.account.id))[column as 'names']).toEqual(
        wanted[column as 'names'],
      );
    }
  });

  it('are written down once, however many there are, and the second time nothing is touched', async () => {
    const here = await newLedger();
    // More than any number of rows that one statement takes, and no multiple of one.
    const wantedCertificates = Array.from({ length: 531 }, (_, index) =>
      wantedFor(here.account.ca, `n${index}.test`),
    );
    expect(new Set(Object.values(await outcomes(here, wantedCertificates)))).toEqual(new Set(['added']));
    const rows = await listCertificates(here.ledger);
    expect(rows.map((row) => row.name).sort()).toEqual(
      wantedCertificates.map((wanted) => wanted.name).sort(),
    );
    expect(rows[0]).toMatchObject({ origin: 'import', account_id: null, last_attempt_at: null });
    expect(await wantedEvents(here)).toBe(531);
    expect(new Set(Object.values(await outcomes(here, wantedCertificates)))).toEqual(new Set(['unchanged']));
    expect(await listCertificates(here.ledger)).toEqual(rows);
    expect(await wantedEvents(here)).toBe(531);
  });

  it('leave a stored certificate as it is when only its deployment changes, and make it due when its names do', async () => {
    const here = await usedLedger();
    const before = await certificateByName(here.ledger, 'c.test');
    expect(await outcomes(here, [wantedFor(here.account.ca, 'c.test', { deployHook: 'true' })])).toEqual({
      'c.test': 'changed',
    });
    const after = await certificateByName(here.ledger, 'c.test');
    expect(after).toEqual({ ...before, deploy_hook: 'true', origin: 'import' });
    await outcomes(here, [wantedFor(here.account.ca, 'c.test', { names: ['c.test', 'www.c.test'] })]);
    expect(await certificateByName(here.ledger, 'c.test')).toMatchObject({ order_id: null, serial: '0a' });
  });

  it('bring a removed certificate back without making it due', async () => {
    const here = await usedLedger();
    const before = await certificateByName(here.ledger, 'c.test');
    await recordRemoved(here, 'c.test');
    expect(await outcomes(here, [wantedFor(here.account.ca, 'c.test')])).toEqual({ 'c.test': 'added' });
    expect(await certificateByName(here.ledger, 'c.test')).toEqual({ ...before, origin: 'import' });
  });

  it('stay those of the import whatever a command changes of them, because the import wants them back', async () => {
    const here = await newLedger();
    await outcomes(here, [wantedFor(here.account.ca, 'a.test')]);
    const same = await recordWanted(here, wantedFor(here.account.ca, 'a.test'), here.account.id);
    expect(same.origin).toBe('import');
    const other = await recordWanted(
      here,
      wantedFor(here.account.ca, 'a.test', { keyType: 'ec384' }),
      here.account.id,
    );
    expect(other.origin).toBe('import');
  });
});
