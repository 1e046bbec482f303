import { expect, test } from 'vitest';
import { parseDirectory } from '../../src/acme/directory.ts';
import { assertRegistrable } from '../../src/acme/registration.ts';
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
