import { expect, it } from 'vitest';
import { textOf } from '../../src/clients/found-files.ts';

it('text is read as PowerShell writes it, without the mark that JSON must not have', () => {
  for (const encoding of ['utf8', 'utf16le'] as const) {
    expect(textOf(Buffer.from('\ufeff{"kty":"EC"}', encoding))).toBe('{"kty":"EC"}');
  }
  expect(textOf(Buffer.from('plain'))).toBe('plain');
});
