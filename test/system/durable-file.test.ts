import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { syncDirectory } from '../../src/system/durable-file.ts';
import { makeScratchDirectory } from '../certificates/scratch-directory.ts';

it('shares one wait for a directory among all who come while another goes on, and begins none before it for them', async () => {
  const directory = await makeScratchDirectory();
  const ended: string[] = [];
  const first = syncDirectory(directory).then(() => ended.push('first'));
  const second = syncDirectory(directory);
  expect(syncDirectory(directory)).toBe(second);
  expect(syncDirectory(await makeScratchDirectory())).not.toBe(second);
  await Promise.all([first, second.then(() => ended.push('second'))]);
  expect(ended).toEqual(['first', 'second']);
  expect(syncDirectory(directory)).not.toBe(second);
});

it('fails for each who waits, and for no one after them', async () => {
  const directory = join(await makeScratchDirectory(), 'new');
  const waits = [syncDirectory(directory), syncDirectory(directory), syncDirectory(directory)];
  for (const wait of await Promise.allSettled(waits))
    expect(wait).toMatchObject({ reason: { code: 'ENOENT' } });
  await mkdir(directory);
  await syncDirectory(directory);
  await rmdir(directory);
});
