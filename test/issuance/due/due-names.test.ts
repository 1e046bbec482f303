import { describe, expect, it } from 'vitest';
import { dueWithNames, isLeftAlone } from '../../../src/issuance/due/due-names.ts';
import type { FailedNamePolicy } from '../../../src/policies.ts';
import type { Due } from '../../../src/issuance/due/due.ts';
import type { CertificateRow, IdentifierRow } from '../../../src/ledger/schema.ts';
import { certificateRow } from '../rows.ts';

const now = new Date('2026-03-05T00:00:00.000Z');
const missing = certificateRow({ names: ['well.test', 'dead.test'] });
/** A third of its life is left, and not half of that is over. */
const standing: CertificateRow = {
  ...missing,
  order_id: 1,
  stored_at: new Date('2026-01-01T00:00:00.000Z'),
  not_before: new Date('2026-01-01T00:00:00.000Z'),
  not_after: new Date('2026-04-01T00:00:00.000Z'),
};

function failing(state: 'waits' | 'suspended', ...names: string[]): Map<string, IdentifierRow> {
  const suspended_at = state === 'suspended' ? new Date('2026-03-04T00:00:00.000Z') : null;
  const row = { suspended_at, next_attempt_at: new Date('2026-03-06T00:00:00.000Z') };
  return new Map(names.map((name) => [name, { ...row, value: name } as IdentifierRow]));
}

function dueBecause(reason: Due['reason']): Due {
  return { reason, dueAt: null };
}

describe('a due certificate with a name that fails', () => {
  it.for<[string, CertificateRow, Due['reason'], 'waits' | 'suspended', string[] | null]>([
    ['that does not exist waits for it', missing, 'missing', 'waits', null],
    ['that does not exist goes on once it is suspended', missing, 'missing', 'suspended', ['well.test']],
    ['that is lost likewise', standing, 'missing', 'suspended', ['well.test']],
    ['that is wanted otherwise likewise', standing, 'changed', 'suspended', ['well.test']],
    ['that was revoked likewise', standing, 'revoked', 'suspended', ['well.test']],
    ['that stands waits also then', standing, 'ending', 'suspended', null],
    [
      'that stands and ends soon goes on',
      { ...standing, not_after: new Date('2026-03-07T00:00:00.000Z') },
      'ending',
      'waits',
      ['well.test'],
    ],
    [
      'whose names are those of a CSR never goes on',
      { ...missing, csr: 'CSR' },
      'missing',
      'suspended',
      null,
    ],
  ])('%s', ([, certificate, reason, state, names]) => {
    const context = { failing: failing(state, 'dead.test'), onFailedName: null, isAskedFor: false, now };
    expect(dueWithNames(certificate, dueBecause(reason), context)?.names ?? null).toEqual(names);
  });

  it.for<[string, CertificateRow, FailedNamePolicy | null, Map<string, IdentifierRow>, boolean]>([
    [
      'its one name is suspended',
      certificateRow({ names: ['dead.test'] }),
      null,
      failing('suspended', 'dead.test'),
      true,
    ],
    ['all of its names are', missing, 'drop', failing('suspended', 'dead.test', 'well.test'), true],
    ['one is, and nothing is dropped', missing, 'fail', failing('suspended', 'dead.test'), true],
    ['one is, and it stands', standing, null, failing('suspended', 'dead.test'), true],
    ['one is dropped', missing, null, failing('suspended', 'dead.test'), false],
    ['one only waits', missing, 'fail', failing('waits', 'dead.test'), false],
    [
      'one is, and the other only waits',
      missing,
      'drop',
      new Map([...failing('suspended', 'dead.test'), ...failing('waits', 'well.test')]),
      false,
    ],
  ])('is left alone for good or not: %s', ([, certificate, onFailedName, names, isLeft]) => {
    const reason = certificate === standing ? 'ending' : 'missing';
    const context = { failing: names, onFailedName, now };
    expect(isLeftAlone(certificate, dueBecause(reason), context)).toBe(isLeft);
    expect(isLeftAlone(certificate, null, context)).toBe(false);
  });
});
