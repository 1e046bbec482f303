import { expect, it } from 'vitest';
import {
  parsePersistRecord,
  persistRecordName,
  persistRecordText,
} from '../../../src/challenges/persist/record-text.ts';

const record = {
  issuer: 'ca.example',
  accountUri: 'https://ca.example/acct/1',
  isForWildcards: false,
  endsAt: null,
};

it('writes and reads the same', () => {
  expect(persistRecordName('a.example')).toBe('_validation-persist.a.example.');
  expect(persistRecordText(record)).toBe('ca.example; accounturi=https://ca.example/acct/1');
  const all = { ...record, isForWildcards: true, endsAt: new Date('2027-01-31T00:00:00Z') };
  const text = persistRecordText(all);
  expect(text).toBe(
    'ca.example; accounturi=https://ca.example/acct/1; policy=wildcard; persistUntil=1801353600',
  );
  expect(parsePersistRecord(text)).toEqual(all);
  expect(parsePersistRecord(persistRecordText(record))).toEqual(record);
});

it.each([
  ['CA.Example.;accounturi=https://ca.example/acct/1', record],
  ['ca.example ; accounturi = https://ca.example/acct/1 ; policy=other; foo=bar', record],
  ['ca.example; accounturi=https://ca.example/acct/1; policy=WILDCARD', { ...record, isForWildcards: true }],
])('reads %s', (text, wanted) => {
  expect(parsePersistRecord(text)).toEqual(wanted);
});

it.each([
  'ca.example',
  'ca.example; policy=wildcard',
  'ca.example; accounturi=',
  'ca.example; accounturi=a; accounturi=b',
  'ca.example; accounturi=a; ACCOUNTURI=b',
  'ca.example; accounturi=a;',
  'ca.example; accounturi=a; persistUntil=soon',
  'ca.example; accounturi=a; persistUntil=',
  'v=spf1 -all',
  '',
])('finds %s malformed', (text) => {
  expect(parsePersistRecord(text)).toBeNull();
});
