import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import {
  type ListedLedger,
  authorities,
  failure,
  inDays,
  newListedLedger,
} from '../../support/listed-ledger.ts';

interface Due {
  waitsFor: string | null;
  error: unknown;
}

/** What each of the certificates waits for; null: it is due and goes now; undefined: it isn't due. */
const expected = {
  'now.test': null,
  'ended.test': null,
  'revoked.test': null,
  'refused.test': 'certificate',
  'backing-off.test': 'names',
  'suspended.test': 'suspended',
  'held.test': 'ca',
  'no-room.test': 'gate',
  'no-account.test': 'account',
  'well.test': undefined,
  'paused.test': undefined,
} as const satisfies Record<string, string | null | undefined>;

const dueNames = Object.entries(expected)
  .filter(([, waitsFor]) => waitsFor !== undefined)
  .map(([name]) => name)
  .toSorted();
const soon = inDays(1 / 24);

let here: ListedLedger;

beforeAll(async () => {
  here = await newListedLedger();
  const elsewhere: Record<string, string> = {
    'no-room.test': authorities.full,
    'no-account.test': authorities.lost,
  };
  const names = [...Object.keys(expected), 'removed.test'];
  await here.want(...names.map((name) => ({ name, ca: elsewhere[name] ?? authorities.usual })));
  await here.store('well.test', { since: 10, left: 80 });
  await here.store('ended.test', { since: 85, left: 5 });
  await here.store('revoked.test', { since: 10, left: 80 });
  here.change("update certificates set revoked_at = ? where name = 'revoked.test'", inDays(-1));
  here.change("update certificates set removed_at = ? where name = 'removed.test'", inDays(-1));
  here.change("update certificates set paused_at = ? where name = 'paused.test'", inDays(-1));
  here.change(
    "update certificates set last_error = ?, last_attempt_at = ? where name = 'refused.test'",
    JSON.stringify(failure('ca-problem', 'the CA knows no such profile', soon)),
    inDays(-1),
  );
  const dead = failure('authorization-invalid', 'no A record');
  here.fail('backing-off.test', dead, { next_attempt_at: soon });
  here.fail('suspended.test', dead, { suspended_at: inDays(-1), failing_since: inDays(-12) });
  here.change(
    `insert into holds (account_id, scope, subject, limit_name, not_before, noted_at, error)
     values (1, 'name', 'held.test', '', ?, ?, ?)`,
    soon,
    inDays(-1 / 24),
    JSON.stringify(failure('ca-limit', 'not so often', soon)),
  );
  for (const url of ['1', '2'])
    here.change(
      `insert into authorizations (account_id, url, identifier, identifier_type, wildcard, status, challenge, source, created_at)
       values (2, ?, ?, 'dns', 0, 'pending', 'none', 'log', ?)`,
      `${authorities.full}/authz/${url}`,
      `open-${url}.test`,
      inDays(-1),
    );
});

afterAll(() => here.remove());

const full = ['--max-pending', '2'];

describe('cert list, status and renew --dry-run', () => {
  it('say the same of what is due, and of what each certificate waits for until when', async () => {
    const listed = jsonLines(await here.run(['cert', 'list', '--json', ...full]));
    const planned = jsonLines(await here.run(['renew', '--dry-run', '--json', ...full]));
    const { certificates } = jsonOf(await here.run(['status', '--json', ...full])) as {
      certificates: { due: number; now: number; waits: { for: string; count: number }[] };
    };

    const waitsOfList = Object.fromEntries(
      listed.map(({ name, due }) => [String(name), due === null ? undefined : (due as Due).waitsFor]),
    );
    expect(waitsOfList).toEqual(expected);

    const summary = planned.at(-1)?.['summary'] as Record<string, unknown>;
    const lines = planned.slice(0, -1);
    const waitsOfPlan = Object.fromEntries(lines.map(({ name, waitsFor }) => [String(name), waitsFor]));
    expect({ ...waitsOfPlan, 'suspended.test': 'suspended' }).toEqual(
      Object.fromEntries(dueNames.map((name) => [name, waitsOfList[name]])),
    );
    for (const { name, deferral } of lines) {
      const { error } = listed.find((one) => one['name'] === name)?.['due'] as Due;
      expect(error).toEqual(deferral);
    }
    expect(certificates).toMatchObject({ paused: 1, due: dueNames.length, now: 3, waits: summary['waits'] });
    expect(summary).toMatchObject({
      due: dueNames.length - 1,
      deferred: dueNames.length - 4,
      leftAlone: 1,
      notDue: 1,
      paused: 1,
      now: 3,
    });
    const reasons = certificates.waits.map(({ for: reason, count }) => `${String(count)} ${reason}`);
    expect(reasons).toEqual(['1 names', '1 suspended', '1 certificate', '1 ca', '1 gate', '1 account']);
  });

  it('say it in the same words', async () => {
    const at = soon.slice(0, 16);
    const words = `9 due (3 go now; 1 waits for failed names until ${at}Z; 1 left alone for suspended names; 1 waits after a refusal until ${at}Z; 1 waits for the CA until ${at}Z; 1 waits for room in the gate; 1 waits for a new account)`;
    expect((await here.run(['status', ...full])).stdout).toContain(`certificates: 11, ${words}, `);
    const planned = await here.run(['renew', '--dry-run', ...full]);
    expect(planned.stdout).toContain(`\n${words}, 1 not due; 1 paused; nothing was sent\n`);
    const list = await here.run(['cert', 'list', ...full]);
    expect(list.stdout).toMatch(new RegExp(`^backing-off\\.test .* waits until ${at}Z`, 'm'));
    expect(list.stdout).toMatch(/^now\.test .* now$/m);
  });
});
