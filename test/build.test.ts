import { readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';

it('the build keeps compiled code that fits its bundle and this Node', () => {
  const bundle = fileURLToPath(new URL('../dist/acme-ledger.cjs', import.meta.url));
  const text = module.wrap(readFileSync(bundle, 'latin1'));
  const compiled = readFileSync(`${bundle}.compiled`);
  expect(new Script(text, { cachedData: compiled }).cachedDataRejected).toBe(false);
  expect(new Script(`${text} `, { cachedData: compiled }).cachedDataRejected).toBe(true);
  // bin/acme-ledger reads it as Latin-1.
  expect(readFileSync(bundle, 'utf8')).toBe(readFileSync(bundle, 'latin1'));
});
