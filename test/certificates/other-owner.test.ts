import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertOwnState, otherOwner, type StatePlace } from '../../src/certificates/other-owner.ts';
import { shellWord } from '../../src/shell-word.ts';
import { makeScratchDirectory } from './scratch-directory.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

function placeIn(directory: string, more: Partial<StatePlace> = {}): StatePlace & { ledgerFile: string } {
  return { stateDir: directory, asOtherUser: false, ...more, ledgerFile: join(directory, 'ledger.sqlite') };
}

it('tells root that a state directory is another user’s, and nobody else', async () => {
  const place = placeIn(join(await makeScratchDirectory(), "it's here"));
  mkdirSync(place.stateDir);
  writeFileSync(place.ledgerFile, '');
  const self = process.getuid?.() ?? nobody;
  if (self === 0) chownSync(place.ledgerFile, nobody, nobody);
  const owner = self === 0 ? nobody : self;
  expect(otherOwner(place, owner)).toBeNull();
  expect(otherOwner(place, 0)).toEqual({
    message: `${place.stateDir} belongs to user ${owner}, and this is root: what root writes there that user can't renew`,
    hint: `run it as that user (sudo -u '#${owner}' acme-ledger …); chown -R ${owner} ${shellWord(place.stateDir)} mends what is there`,
  });
});

// Only root can give a file to another user, which is what these are about; CI is root.
describe.skipIf(!isRoot)('root is kept out of a state directory', () => {
  const refusal = (place: StatePlace): string => {
    try {
      assertOwnState(place, 0);
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('that is another user’s, by its ledger or by itself', async () => {
    const directory = await makeScratchDirectory();
    const place = placeIn(directory);
    expect(refusal(place)).toBe('taken');
    writeFileSync(place.ledgerFile, '');
    expect(refusal(place)).toBe('taken');
    chownSync(place.ledgerFile, nobody, nobody);
    expect(refusal(place)).toMatch(/belongs to user 65534, whose hooks root would run/);
    chownSync(place.ledgerFile, 0, 0);
    chownSync(directory, nobody, nobody);
    expect(refusal(place)).toMatch(/belongs to user 65534/);
    expect(() => assertOwnState(place, nobody)).not.toThrow();
  });

  it('that another user could exchange for one of their own', async () => {
    const home = await makeScratchDirectory();
    const place = placeIn(join(home, 'state'));
    mkdirSync(place.stateDir);
    expect(refusal(place)).toBe('taken');
    chmodSync(home, 0o775);
    expect(refusal(place)).toMatch(/may be changed by its group \(mode 0775\)/);
    chmodSync(home, 0o755);
    chownSync(home, nobody, nobody);
    expect(refusal(place)).toMatch(/belongs to user 65534/);
    expect(refusal({ ...place, asOtherUser: true })).toBe('taken');
  });

  it('to which another user’s link leads', async () => {
    const directory = await makeScratchDirectory();
    const link = join(await makeScratchDirectory(), 'state');
    symlinkSync(directory, link);
    expect(refusal(placeIn(link))).toBe('taken');
    lchownSync(link, nobody, nobody);
    expect(refusal(placeIn(link))).toMatch(/belongs to user 65534/);
  });
});
