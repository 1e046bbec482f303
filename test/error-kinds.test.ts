import { describe, expect, it } from 'vitest';
import {
  type ErrorCode,
  errorKinds,
  isAboutTheCa,
  isAboutTheCertificate,
  isAboutTheName,
  isCaUnusable,
  isDeferral,
  isServerFault,
  isTemporary,
  mayHaveActed,
} from '../src/error-kinds.ts';
import { AcmeLedgerError, hasCode } from '../src/errors.ts';

const codes = Object.keys(errorKinds) as ErrorCode[];

function those(question: (error: { code: ErrorCode }) => boolean): ErrorCode[] {
  return codes.filter((code) => question({ code })).sort();
}

describe('what follows from an error', () => {
  it('lets the next run go on with what only has to wait', () => {
    expect(those(isDeferral)).toEqual(codes.filter((code) => errorKinds[code].exit === 75).sort());
    expect(those(isTemporary)).toEqual([...those(isDeferral), 'interrupted'].sort());
    expect(isTemporary({ code: 'authorization-invalid' })).toBe(false);
  });

  it('sends a certificate to another CA only where its own can not be had', () => {
    expect(those(isCaUnusable)).toEqual([
      'account-paused',
      'ca-account',
      'ca-limit',
      'ca-outage',
      'ca-unreachable',
      'not-acme',
    ]);
    expect(those(isAboutTheCa)).toEqual([...those(isCaUnusable), 'ca-answer', 'ca-problem'].sort());
  });

  it('counts a refusal against the certificate or the name, and a fault of the server against no name', () => {
    expect(those(isAboutTheName)).toEqual(['authorization-invalid', 'ca-problem', 'name-check', 'solver']);
    expect(those(isAboutTheCertificate)).toEqual([
      'bad-file',
      'bug',
      'ca-answer',
      'ca-problem',
      'gate-too-small',
      'order-failed',
      'store',
    ]);
    expect(isAboutTheName({ code: 'ca-problem', problem: { status: 503 } })).toBe(false);
    expect(isAboutTheName({ code: 'ca-problem', httpStatus: 500 })).toBe(false);
  });

  it('takes a request for done unless the CA or this program certainly refused it', () => {
    expect(those(mayHaveActed)).not.toContain('ca-limit');
    expect(those(mayHaveActed)).toEqual(expect.arrayContaining(['ca-unreachable', 'ca-answer', 'bug']));
    expect(mayHaveActed({ code: 'ca-problem', problem: { status: 400 } })).toBe(false);
    expect(mayHaveActed({ code: 'ca-problem', problem: { status: 502 } })).toBe(true);
    // A server that contradicts itself has refused nothing for certain.
    expect(mayHaveActed({ code: 'ca-problem', httpStatus: 400, problem: { status: 500 } })).toBe(true);
    expect(mayHaveActed({ code: 'ca-problem', httpStatus: 500, problem: { status: 400 } })).toBe(true);
  });

  it('draws nothing from a code that this version does not know', () => {
    const later = { code: 'of-a-later-version' as ErrorCode };
    for (const question of [isDeferral, isTemporary, isAboutTheCa, isCaUnusable, isAboutTheCertificate])
      expect(question(later)).toBe(false);
  });

  it('takes a problem without a status for the fault of a server', () => {
    expect(isServerFault({ code: 'ca-problem', problem: null })).toBe(true);
    expect(isServerFault({ code: 'ca-problem', problem: { status: 429 } })).toBe(false);
    expect(isServerFault({ code: 'ca-answer' })).toBe(true);
  });
});

describe('hasCode', () => {
  it('is true of an error of the program with one of the codes, and of nothing else', () => {
    const error = new AcmeLedgerError('busy', 'another run has it');
    expect(hasCode(error, 'ca-limit', 'busy')).toBe(true);
    expect(hasCode(error, 'ca-limit')).toBe(false);
    expect(hasCode(Object.assign(new Error('no'), { code: 'busy' }), 'busy')).toBe(false);
  });
});
