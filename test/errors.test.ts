import { describe, expect, it } from 'vitest';
import { AcmeLedgerError, errorRecord, exitCodeOf, messageOf } from '../src/errors.ts';
import type { ErrorCode } from '../src/error-kinds.ts';

describe('the exit code', () => {
  it.each<[ErrorCode, number]>([
    ['usage', 2],
    ['configuration', 2],
    ['bad-name', 2],
    ['bad-file', 2],
    ['state-dir', 2],
    ['ledger', 2],
    ['ledger-newer', 2],
    ['gate-too-small', 2],
    ['not-found', 2],
    ['not-acme', 2],
    ['ledger-failed', 1],
    ['ca-unreachable', 1],
    ['ca-answer', 1],
    ['ca-problem', 1],
    ['solver', 1],
    ['authorization-invalid', 1],
    ['order-failed', 1],
    ['store', 1],
    ['deploy-hook', 1],
    ['ca-limit', 75],
    ['gate-full', 75],
    ['busy', 75],
    ['no-time', 75],
    ['ca-outage', 75],
    ['bug', 70],
  ])('of %s is %i', (code, exitCode) => {
    expect(exitCodeOf(new AcmeLedgerError(code, 'what happened'))).toBe(exitCode);
  });

  it.each([new TypeError('x is undefined'), 'a text', undefined, null])(
    'of anything else (%s) is 70',
    (error) => {
      expect(exitCodeOf(error)).toBe(70);
    },
  );
});

describe('an error in JSON', () => {
  it('has all that a script may ask for', () => {
    const problem = {
      type: 'urn:ietf:params:acme:error:rateLimited',
      detail: 'slow',
      status: 429,
      subproblems: [],
    };
    const retryAt = new Date('2026-05-01T12:00:00.000Z');
    const error = new AcmeLedgerError('ca-limit', 'too many', { hint: 'wait', problem, retryAt });
    expect(errorRecord(error)).toEqual({
      code: 'ca-limit',
      message: 'too many',
      hint: 'wait',
      problem,
      retryAt: '2026-05-01T12:00:00.000Z',
    });
    expect(error.httpStatus).toBe(429);
  });

  it('has null for what is not known', () => {
    expect(errorRecord(new AcmeLedgerError('solver', 'failed'))).toEqual({
      code: 'solver',
      message: 'failed',
      hint: null,
      problem: null,
      retryAt: null,
    });
  });

  it('is a bug when it is none of ours', () => {
    expect(errorRecord(new TypeError('x is undefined'))).toMatchObject({
      code: 'bug',
      message: 'x is undefined',
    });
    expect(errorRecord('a text')).toMatchObject({ code: 'bug', message: 'a text' });
  });

  it('keeps its cause', () => {
    const cause = new Error('ENOENT');
    expect(new AcmeLedgerError('bad-file', 'missing', { cause }).cause).toBe(cause);
    expect(messageOf(cause)).toBe('ENOENT');
  });
});
