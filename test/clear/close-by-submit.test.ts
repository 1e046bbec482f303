import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { letsEncryptLimits } from '../../src/acme/authorities/limits.ts';
import { ConnectionFailure, unreachable } from '../../src/acme/http/connection-failure.ts';
import type { Authorization, Challenge } from '../../src/acme/objects/resources.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { clear } from '../../src/clear/clear.ts';
import type { Cleared } from '../../src/clear/clear-line.ts';
import type { Guard } from '../../src/acme/session.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import { costOfClosing } from '../../src/clear/closing-cost.ts';
import { authorizationByUrl } from '../../src/ledger/authorizations/authorizations.ts';
import { eventsOf } from '../../src/ledger/events.ts';
import { countFailure } from '../../src/ledger/limits/failure-counts.ts';
import { type TinyWorld, newTinyWorld } from '../issuance/tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

const url = 'https://ca.test/authz/open.test';

/** One open authorization at a CA that looks for the answer when it is told to. */
class OneAuthorization {
  status: Authorization['status'] = 'pending';
  challenges: Challenge[] = ['dns-persist-01', 'dns-01', 'http-01'].map((type) => ({
    url: `${url}/${type}`,
    type,
    status: 'pending',
    token: 'token',
    error: null,
  }));
  submitted: string[] = [];
  verdict: () => void = () => (this.status = 'invalid');

  async issuance(): Promise<AccountRun> {
    const run = await world.startIssuance();
    const shown = () =>
      Promise.resolve({
        url,
        status: this.status,
        expiresAt: null,
        identifier: { type: 'dns' as const, value: 'open.test' },
        wildcard: false,
        challenges: this.challenges,
        retryAt: null,
      });
    const session = {
      ...run.session,
      getAuthorization: shown,
      submitChallenge: (challenge: string) => {
        this.submitted.push(challenge);
        this.verdict();
        return Promise.resolve({ ...this.challenges[0]!, retryAt: null });
      },
    };
    return { ...run, session, limits: letsEncryptLimits };
  }
}

async function submitted(run: AccountRun, urls: string[] = [url]): Promise<Cleared[]> {
  const told: Cleared[] = [];
  const options = {
    urls,
    all: false,
    olderThan: null,
    concurrency: 2,
    dryRun: false,
    method: 'submit' as const,
  };
  await clear(run, options, (cleared) => told.push(cleared));
  return told;
}

describe('--method submit', () => {
  it('has the CA look for an answer that nobody gives, after it is in the ledger, and waits for the verdict', async () => {
    const one = new OneAuthorization();
    const run = await one.issuance();
    let before: unknown;
    const { session } = run;
    const observed = {
      ...session,
      submitChallenge: async (challenge: string, guard: Guard) => {
        before = await authorizationByUrl(world.ledger, url);
        return session.submitChallenge(challenge, guard);
      },
    };
    expect(await submitted({ ...run, session: observed })).toMatchObject([
      { action: 'submitted', after: 'invalid' },
    ]);
    expect(before).toMatchObject({ challenge: 'submitting', challenge_type: 'http-01' });
    expect(one.submitted).toEqual([`${url}/http-01`]);
    // It cost its name one failed validation, and no second one for the verdict.
    const cost = await costOfClosing(run, new Map([['open.test', 4]]), 'submit');
    expect(cost).toMatchObject({ requests: 8, failedValidations: 4, later: [{ pending: 4, now: 3 }] });
    const { limits, ...unlimited } = run;
    expect(limits).toBeDefined();
    // A CA of which nothing is known may count them as well.
    expect(await costOfClosing(unlimited, new Map([['open.test', 4]]), 'submit')).toEqual({
      authorizations: 4,
      requests: 8,
      failedValidations: 4,
      later: [],
    });
    expect(await submitted(run)).toMatchObject([{ action: 'already-final', before: 'invalid' }]);
    expect(one.submitted).toHaveLength(1);
  });

  it('never spends the last failed validation that a name has left: no order with the name could go through', async () => {
    const one = new OneAuthorization();
    const run = await one.issuance();
    // Five an hour at Let's Encrypt.
    for (let failed = 0; failed < 4; failed += 1) await countFailure(run, run.account.id, 'open.test');
    const [left] = await submitted(run);
    expect(left).toMatchObject({
      action: 'resumable',
      after: 'pending',
      reason: expect.stringMatching(
        /failed validation of open\.test at the CA, and they are used up until/,
      ) as string,
    });
    expect(one.submitted).toEqual([]);
    expect(await authorizationByUrl(world.ledger, url)).toMatchObject({ challenge: 'none' });
    // One comes back each 12 minutes.
    const waitMs = (left?.retryAt?.getTime() ?? 0) - run.clock.now().getTime();
    expect(waitMs > 0 && waitMs <= 12 * 60_000).toBe(true);
    world.clock.pass(waitMs);
    expect(await submitted(run)).toMatchObject([{ action: 'submitted', after: 'invalid' }]);
    expect(one.submitted).toHaveLength(1);
  });

  it('never submits one that is over, or that somebody has submitted', async () => {
    const one = new OneAuthorization();
    one.status = 'deactivated';
    const run = await one.issuance();
    expect(await submitted(run)).toMatchObject([{ action: 'already-final' }]);
    const other = new OneAuthorization();
    other.challenges[1]!.status = 'processing';
    await world.ledger.deleteFrom('events').execute();
    await world.ledger.deleteFrom('authorizations').execute();
    expect(await submitted(await other.issuance())).toMatchObject([
      { action: 'resumable', after: 'pending', reason: expect.stringMatching(/the CA decides/) as string },
    ]);
    expect([...one.submitted, ...other.submitted]).toEqual([]);
  });

  it('never submits one again whose POST may have arrived, and takes back one that the CA refused', async () => {
    const one = new OneAuthorization();
    const run = await one.issuance();
    one.verdict = () => {
      throw unreachable(new ConnectionFailure('reset', true, 'ca.test closed the connection'), 'POST');
    };
    expect(await submitted(run)).toMatchObject([{ action: 'submitted', after: 'pending' }]);
    expect(await authorizationByUrl(world.ledger, url)).toMatchObject({ challenge: 'submitting' });
    // A minute has been waited for: it counts as lost, and is submitted anew.
    one.verdict = () => {
      throw new AcmeLedgerError('ca-problem', 'no', { httpStatus: 400, problem: malformed });
    };
    expect(await submitted(run)).toMatchObject([{ action: 'refused', after: 'pending', reason: 'no' }]);
    const row = await authorizationByUrl(world.ledger, url);
    expect(row).toMatchObject({ challenge: 'none', submitted_at: null });
    expect((await eventsOf(world.ledger, { authorizationId: row!.id })).map(({ kind }) => kind)).toEqual([
      'authorization-status',
      'challenge-submitting',
      'challenge-not-submitted',
      'challenge-submitting',
      'challenge-not-submitted',
      'authorization-refused',
    ]);
    expect(one.submitted).toHaveLength(2);
  });
});

const malformed = {
  type: 'urn:ietf:params:acme:error:malformed',
  detail: 'no',
  status: 400,
  subproblems: [],
};
