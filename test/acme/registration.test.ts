import { expect, test } from 'vitest';
import { parseDirectory } from '../../src/acme/directory.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { assertRegistrable, registrationError } from '../../src/acme/registration.ts';
import { directoryOf } from './loopback-ca.ts';

const binding = { kid: 'k', hmacKey: 'aaaa' };

function directoryWith(meta: object) {
  const directory = parseDirectory({ ...directoryOf('https://ca.example'), meta });
  if (directory === null) throw new Error('the directory of the test is none');
  return directory;
}

test('a CA that wants an external account is not asked without one', () => {
  const directory = directoryWith({ externalAccountRequired: true });
  const refused = expect.objectContaining({
    code: 'usage',
    hint: expect.stringContaining('--eab-kid') as string,
  }) as Error;
  expect(() => assertRegistrable(directory, { agreeTos: true })).toThrow(refused);
  assertRegistrable(directory, { agreeTos: true, externalAccountBinding: binding });
});

test('a CA with terms of service is not asked before they are agreed to, and their URL is shown', () => {
  const directory = directoryWith({ termsOfService: 'https://ca.example/terms' });
  const refused = expect.objectContaining({
    code: 'usage',
    message: expect.stringContaining('https://ca.example/terms') as string,
  }) as Error;
  expect(() => assertRegistrable(directory, { agreeTos: false })).toThrow(refused);
  assertRegistrable(directory, { agreeTos: true });
  assertRegistrable(directoryWith({}), { agreeTos: false });
});

function refusal(type: string, detail: string, hint?: string): AcmeLedgerError {
  const problem = { type: `urn:ietf:params:acme:error:${type}`, detail, status: 400, subproblems: [] };
  return new AcmeLedgerError('ca-problem', detail, { problem, ...(hint === undefined ? {} : { hint }) });
}

test('who agreed to the terms is not told to agree to them', () => {
  const error = refusal('userActionRequired', 'the terms have changed', 'give --agree-tos');
  expect(registrationError(error, { agreeTos: true })).toMatchObject({
    hint: expect.stringContaining('was not enough') as unknown,
  });
  expect(registrationError(error, { agreeTos: false })).toBe(error);
});

test.for([
  ['invalidContact', 'd'],
  ['malformed', 'At least one contact is required'],
] as const)('a contact that is missing (%s: %s) has the option that gives it as a hint', ([type, detail]) => {
  const hint = expect.stringContaining('--email ADDRESS') as unknown;
  expect(registrationError(refusal(type, detail), { agreeTos: true })).toMatchObject({ hint });
  const given = registrationError(refusal(type, detail), { agreeTos: true, email: 'a@b.example' });
  expect(given).not.toMatchObject({ hint });
});
