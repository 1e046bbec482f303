import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { otherOwner } from '../../src/cli/other-owner.ts';
import { makeScratchDirectory } from '../certificates/scratch-directory.ts';

const nobody = 65_534;

it('warns root of a ledger that is another user’s, and nobody else', async () => {
  const directory = await makeScratchDirectory();
  const file = join(directory, 'ledger.sqlite');
  expect(otherOwner(file, directory, 0)).toBeNull();
  writeFileSync(file, '');
  const self = process.getuid?.() ?? nobody;
  if (self === 0) chownSync(file, nobody, nobody);
  const owner = self === 0 ? nobody : self;
  expect(otherOwner(file, directory, owner)).toBeNull();
  expect(otherOwner(file, directory, 0)).toEqual({
    message: `${file} belongs to user ${owner}, and this is root: what root writes there that user can't renew`,
    hint: `run it as that user (sudo -u '#${owner}' acme-ledger …); chown -R ${owner} ${directory} mends what is there`,
  });
});
