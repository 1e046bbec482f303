import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { letsEncryptLimits } from '../../../src/acme/authorities/limits.ts';
import { spendDeactivation } from '../../../src/issuance/authorization/closing-budget.ts';
import { type Claim, claimClosing } from '../../../src/issuance/authorization/closing-claim.ts';
import { clear } from '../../../src/clear/clear.ts';
import type { Cleared } from '../../../src/clear/clear-line.ts';
import { costOfClosing } from '../../../src/clear/closing-cost.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import { authorizationByUrl } from '../../../src/ledger/authorizations/authorizations.ts';
import { insertForeignAuthorization } from '../../../src/ledger/authorizations/foreign-authorizations.ts';
import type { AuthorizationRow } from '../../../src/ledger/schema.ts';
import { SharedCa } from '../shared-ca.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;
let ca: SharedCa;
let url: string;
/** Two runs on one account. */
let runs: [RunningIssuance, RunningIssuance];
let row: AuthorizationRow;

beforeEach(async () => {
  world = await newTinyWorld();
  ca = new SharedCa();
  url = ca.add(17, 'a.test');
  const first = await world.startIssuance();
  const second = await world.startIssuance();
  const { account, session } = await ca.issuance(world, 17);
  const common = { account, session, limits: letsEncryptLimits };
  runs = [
    { ...first, ...common },
    { ...second, ...common },
  ];
  await insertForeignAuthorization(first, account.id, url, 'log');
  await cleared(runs[0], true);
  row = (await authorizationByUrl(world.ledger, url))!;
});

afterEach(() => world.remove());

async function cleared(run: AccountRun, dryRun = false): Promise<Cleared> {
  const told: Cleared[] = [];
  const usual = { all: false, olderThan: null, method: 'deactivate' as const, concurrency: 1 };
  await clear(run, { ...usual, dryRun, urls: [url] }, (each) => told.push(each));
  return told[0]!;
}

async function claim(run: AccountRun): Promise<Claim> {
  const claimed = await claimClosing(run, row, { includeKept: false }, spendDeactivation);
  if ('outcome' in claimed) throw new Error(claimed.outcome);
  return claimed;
}

/** How many failed validations of the name are left to spend. */
async function left(): Promise<number> {
  const { later } = await costOfClosing(runs[0], new Map([['a.test', 99]]), 'deactivate');
  return later[0]!.now;
}

const deactivations = (): number => ca.asked.filter((each) => each.includes(' deactivate ')).length;

describe('an authorization that a run is closing', () => {
  it('is left to that run by others, and told apart, until that run ends', async () => {
    const before = await left();
    await claim(runs[0]);
    const other = { action: 'resumable', otherRun: runs[0].runId, after: 'pending' };
    expect(await cleared(runs[1])).toMatchObject(other);
    expect(deactivations()).toBe(0);
    await runs[0].die();
    expect(await cleared(runs[1])).toMatchObject({ action: 'deactivated', otherRun: null });
    expect(deactivations()).toBe(1);
    // What the first was about to do may have been done.
    expect(before - (await left())).toBe(2);
  });

  it('is free again, and has cost nothing, when it was not closed', async () => {
    const before = await left();
    await (await claim(runs[0])).giveUp();
    expect(await left()).toBe(before);
    expect(await cleared(runs[1])).toMatchObject({ action: 'deactivated' });
  });

  it('costs once when another run is the first to see that it is closed', async () => {
    const before = await left();
    await claim(runs[0]);
    ca.authorizations.get(url)!.status = 'deactivated';
    await runs[0].die();
    expect(await cleared(runs[1])).toMatchObject({ action: 'already-final' });
    expect(before - (await left())).toBe(1);
  });

  it('is closed by one of two that meet it in the same moment', async () => {
    const results = await Promise.all(runs.map((run) => cleared(run)));
    expect(deactivations()).toBe(1);
    expect(results.map(({ action }) => action).sort()).toEqual(['deactivated', 'resumable']);
  });
});
