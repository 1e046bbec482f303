import { describe, expect, it } from 'vitest';
import { ClearTally, type GateSeen } from '../../../../src/clear/tally.ts';
import { endText } from '../../../../src/cli/commands/authz/clear-text.ts';
import type { Cleared } from '../../../../src/clear/clear-line.ts';

const ca = 'https://ca.example/dir';

function gate(account: string): GateSeen {
  return { ca, account, pendingBefore: 2, pendingAfter: 0, maxPending: 250, free: 250, nextExpiryAt: null };
}

const refused: Cleared = {
  url: 'https://ca.example/authz/1',
  identifier: 'a.test',
  before: 'pending',
  action: 'refused',
  after: 'pending',
  reason: null,
  account: 'https://ca.example/acct/1',
  client: null,
  expiresAt: null,
  retryAt: null,
  youngUntil: null,
  isUndated: false,
  otherRun: null,
};

const end = {
  gates: [],
  costs: null,
  method: 'deactivate',
  notAsked: 0,
  isInterrupted: false,
  isFromLogs: true,
} as const;

describe('what a clean-up says at its end', () => {
  it('is what else can be done where the CA refuses', () => {
    const tally = new ClearTally();
    tally.add(refused);
    expect(endText(tally, end)).toContainEqual(expect.stringMatching(/^1 authorization .*--method submit/));
    expect(endText(tally, { ...end, method: 'submit' }).join()).not.toContain('--method');
  });

  it('is of a dry run what it would cost, by the method', () => {
    const cost = { ca, account: null, authorizations: 3, later: [] };
    const deactivated = endText(new ClearTally(), {
      ...end,
      costs: [{ ...cost, requests: 3, failedValidations: 0 }],
    });
    expect(deactivated[0]).toContain('3 would be deactivated');
    expect(deactivated[1]).toMatch(/^it costs 3 requests at .*; none is counted/);
    const submitted = endText(new ClearTally(), {
      ...end,
      method: 'submit',
      costs: [{ ...cost, requests: 6, failedValidations: 3 }],
    });
    expect(submitted[0]).toContain('3 would be submitted');
    expect(submitted[1]).toMatch(/^it costs at least 6 requests at .*; each submission ends in a failed/);
  });

  it('is that something is left, also after an interruption', () => {
    const tally = new ClearTally();
    expect(endText(tally, { ...end, notAsked: 7 })[1]).toBe('at least 7 not asked for: run it again');
    expect(endText(tally, { ...end, elsewhere: 0, isInterrupted: true })).toHaveLength(2);
    expect(endText(tally, end)).toHaveLength(1);
  });

  it('is that logs name nothing at all', () => {
    const tally = new ClearTally();
    expect(endText(tally, { ...end, elsewhere: 0, untold: 0 })[1]).toMatch(/^the logs name no /);
    const given = { ...end, isFromLogs: false, elsewhere: 0, untold: 0 };
    expect(endText(tally, given)[1]).toBe('what was given leads to no authorization that may be open');
    expect(endText(tally, { ...end, elsewhere: 3, untold: 0 }).join()).not.toContain('the logs name no');
  });

  it('tells accounts apart where several are at one CA', () => {
    const accounts = ['https://ca.example/acct/1', 'https://ca.example/acct/2'];
    const shown = endText(new ClearTally(), { ...end, gates: accounts.map(gate) }).slice(1);
    expect(shown.map((line) => line.split(': ')[0])).toEqual(accounts);
    expect(endText(new ClearTally(), { ...end, gates: [gate('x')] })[1]).toMatch(`${ca}: 2 pending before`);
  });
});
