import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines } from '../../support/installation.ts';
import {
  type ListedLedger,
  authorities,
  failure,
  inDays,
  newListedLedger,
} from '../../support/listed-ledger.ts';
import { startOnTerminal } from '../../support/terminal.ts';

const dead = failure('authorization-invalid', 'no A record');
const fresh = Array.from({ length: 12 }, (_, index) => `new-${String(index)}.test`);
const unlimited = authorities.full;
const soon = inDays(23 / 24);

let here: ListedLedger;
let options: string[];
let planned: Record<string, unknown>[];
/** The day on which the certificates were planned: the first line's. */
let today: number;
/** Late in the evening the certificate that waits goes on the next day. */
let soonIsLate: 0 | 1;

function day(later: number): string {
  return new Date(today + later * 86_400_000).toISOString().slice(0, 10);
}

beforeAll(async () => {
  here = await newListedLedger();
  await writeFile(
    here.file('config.yaml'),
    `limits:\n  ${authorities.usual}:\n    newOrders: 10/30d\n    reserveForIssue: 0%\n`,
  );
  options = ['--config', here.file('config.yaml'), '--max-pending', '100'];
  await here.want(
    ...fresh.map((name) => ({ name })),
    { name: 'renewed.test', names: ['renewed.test', 'www.renewed.test'] },
    { name: 'moved.test', names: ['moved.test', 'www.moved.test', 'shop.moved.test'] },
    ...['undeployed.test', 'suspended.test', 'waiting.test', 'paused.test', 'holiday.test'].map((name) => ({
      name,
      ca: ['waiting.test', 'holiday.test'].includes(name) ? unlimited : authorities.usual,
    })),
    { name: 'lost.test', ca: authorities.lost },
  );
  for (const name of ['renewed.test', 'moved.test', 'undeployed.test'])
    await here.store(name, { since: 10, left: 80 });
  // Both were issued for these names by this ledger; an adopted certificate wasn't.
  here.change("update orders set finalize_sent_at = created_at where certificate_name != 'moved.test'");
  here.change("update certificates set deployed_at = null where name = 'undeployed.test'");
  here.change(
    "update certificates set paused_at = ? where name in ('paused.test', 'holiday.test')",
    inDays(-1),
  );
  here.change("update certificates set paused_until = ? where name = 'holiday.test'", inDays(20));
  here.fail('suspended.test', dead, { suspended_at: inDays(-1), failing_since: inDays(-12) });
  here.fail('waiting.test', dead, { next_attempt_at: soon, account_id: 2 });
  planned = await plan();
  today = Date.parse(String(planned[0]?.['day']));
  soonIsLate = soon.startsWith(day(0)) ? 0 : 1;
});

afterAll(() => here.remove());

async function plan(...more: string[]): Promise<Record<string, unknown>[]> {
  const result = await here.run(['renew', '--dry-run', '--by-day', '--json', ...options, ...more]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return jsonLines(result);
}

describe('renew --dry-run --by-day', () => {
  it("plans each certificate's next order by the day on which its CA's limits let it go", () => {
    const limit = (usedAtMost: number) => ({ max: 10, periodSeconds: 30 * 86_400, usedAtMost });
    const usual = { ca: authorities.usual, late: 0, newOrders: 0, limit: limit(0) };
    const other = { ca: unlimited, orders: 1, names: 1, newOrders: 0, limit: null };
    const days = [
      { ...usual, day: day(0), orders: 10, names: 10, newOrders: 10, limit: limit(10) },
      { ...other, day: soon.slice(0, 10), late: soonIsLate },
      { ...usual, day: day(3), orders: 1, names: 1, late: 1, newOrders: 1, limit: limit(10) },
      { ...usual, day: day(6), orders: 1, names: 1, late: 1, newOrders: 1, limit: limit(10) },
      { ...other, day: day(20), late: 0 },
      { ...usual, day: day(50), orders: 3, names: 6, newOrders: 1, limit: limit(1) },
    ];
    expect(planned.slice(0, -1)).toEqual(days.toSorted(byDay));
  });

  it('sums the days up, and says of each certificate on none of them why', () => {
    const sums = { days: 5 + soonIsLate, orders: 17, names: 20, late: 2 + soonIsLate, newOrders: 13 };
    expect(planned.at(-1)).toEqual({
      summary: {
        ...sums,
        undated: [
          { for: 'suspended', count: 1, firstUntil: null, lastUntil: null },
          { for: 'account', count: 1, firstUntil: null, lastUntil: null },
        ],
        paused: 1,
        deployOnly: 1,
      },
    });
  });

  it('agrees with renew --dry-run on what goes today', async () => {
    const now = jsonLines(await here.run(['renew', '--dry-run', '--json', ...options]));
    const going = now.filter(({ deferral, cost }) => deferral === null && Number(countsOf(cost)) > 0);
    expect(going.map(({ name }) => name).toSorted()).toEqual(fresh.toSorted().slice(0, 10));
    expect(planned[0]).toMatchObject({ orders: going.length });
    const [one] = await plan('new-0.test');
    expect(one).toMatchObject({ day: day(0), orders: 1 });
  });

  it('sends nothing and changes nothing', async () => {
    const before = here.rows('select count(*) as n from events');
    await plan();
    expect(here.rows('select count(*) as n from events')).toEqual(before);
  });

  it.each([
    [60, ['DAY', 'ORDERS', 'NAMES', 'NEW', 'MOST USED', 'CA']],
    [80, ['DAY', 'ORDERS', 'NAMES', 'LATE', 'NEW', 'MOST USED', 'CA']],
    [160, ['DAY', 'ORDERS', 'NAMES', 'LATE', 'NEW', 'MOST USED', 'CA']],
  ])('is a table that fits %i columns', async (columns, head) => {
    const session = startOnTerminal(
      ['--state-dir', here.stateDir, 'renew', '--dry-run', '--by-day', ...options],
      { columns },
    );
    expect(await session.finished).toBe(0);
    const lines = session.lines();
    expect(lines[0]?.split(/ {2,}/)).toEqual(head);
    expect(lines).toHaveLength(8);
    for (const line of lines.slice(0, -1)) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^${day(0)} +10 +10 .*10 of 10/30d +https:`)),
    );
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${day(20)} .*no limit +https:`)));
    expect(lines.at(-1)).toBe(
      `17 orders with 20 names on ${5 + soonIsLate} days; ${2 + soonIsLate} later than due; on no day: 2 due (1 left alone for suspended names; 1 waits for a new account); 1 deploy hook now, without an order; 1 paused; nothing was sent`,
    );
  });

  it.each([
    [['--by-day'], '--by-day only plans: it goes with --dry-run'],
    [['--dry-run', '--by-day', '--limit', '5'], '--by-day plans the days ahead, and --limit one run'],
    [['--dry-run', '--by-day', '--rehearse'], '--by-day plans the days ahead, and --rehearse one run'],
  ])('is refused as %j', async (words, message) => {
    const { exitCode, stdout, stderr } = await here.run(['renew', ...words]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain('hint: acme-ledger renew --dry-run --by-day\n');
  });
});

function byDay(one: { day: string; ca: string }, other: { day: string; ca: string }): number {
  return `${one.day} ${one.ca}` < `${other.day} ${other.ca}` ? -1 : 1;
}

function countsOf(cost: unknown): unknown {
  return typeof cost === 'object' && cost !== null && 'newOrders' in cost ? cost.newOrders : 0;
}
