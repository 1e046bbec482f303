import { expect, it } from 'vitest';
import { authorityOf } from '../../src/acme/authorities/authorities.ts';
import { tellOfAll } from '../../src/renew/renew-at-fallback.ts';
import type { ErrorCode } from '../../src/error-kinds.ts';
import { AcmeLedgerError, errorRecord } from '../../src/errors.ts';
import type { Log } from '../../src/log-and-stops.ts';
import type { Renewed } from '../../src/renew/work.ts';
import { certificateRow } from '../issuance/rows.ts';

function waiting(count: number, code: ErrorCode, message: (index: number) => string): Renewed[] {
  return Array.from({ length: count }, (_, index) => ({
    certificate: certificateRow({ name: `${code}-${String(index)}.test` }),
    status: 'deferred',
    error: errorRecord(new AcmeLedgerError(code, message(index))),
  }));
}

it('tells what goes to the fallback in one line for each reason, and of each only who looks closely', () => {
  const told: Record<'debug' | 'info' | 'warn' | 'error', string[]> = {
    debug: [],
    info: [],
    warn: [],
    error: [],
  };
  const log = Object.fromEntries(
    Object.entries(told).map(([level, lines]) => [
      level,
      (_fields: object, message: string) => lines.push(message),
    ]),
  ) as unknown as Log;
  const all = [
    ...waiting(10_000, 'ca-limit', (index) => `no room for domain ${String(index)}`),
    ...waiting(2, 'ca-unreachable', () => 'it refuses the connection'),
    ...waiting(1, 'not-acme', () => 'a page of HTML'),
  ];
  tellOfAll({ log }, all, authorityOf('zerossl'));
  const to = `ordered from ${authorityOf('zerossl').label}`;
  expect(told.warn).toEqual([
    `10000 certificates can't wait for their CA and are ${to}: for reasons of the same kind (ca-limit), such as: no room for domain 0`,
    `2 certificates can't wait for their CA and are ${to}: it refuses the connection`,
    `not-acme-0.test: can't wait for its CA and is ${to}: a page of HTML`,
  ]);
  expect(told.debug).toHaveLength(10_002);
});
