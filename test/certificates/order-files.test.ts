import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ordersWithFiles,
  prepareOrderFiles,
  readOrderFiles,
  removeOrderFiles,
  removeUsedFiles,
  type OrderFiles,
} from '../../src/certificates/order-files.ts';
import { makeScratchDirectory } from './scratch-directory.ts';

const ours = (): Promise<void> => Promise.resolve();

/** Makes another pair each time, as real keys are. */
function maker(): { made: number; make: () => Promise<OrderFiles> } {
  const state = {
    made: 0,
    make: async () => {
      state.made += 1;
      return { keyPem: `key ${state.made}\n`, csrDer: Buffer.from(`csr ${state.made}`) };
    },
  };
  return state;
}

describe('prepareOrderFiles', () => {
  it('writes what is made, for the owner alone', async () => {
    const stateDir = await makeScratchDirectory();
    await prepareOrderFiles(stateDir, '17', maker().make, ours);
    const file = join(stateDir, 'orders', '17.pem');
    expect(await readFile(file, 'utf8')).toBe(
      'key 1\n-----BEGIN CERTIFICATE REQUEST-----\nY3NyIDE=\n-----END CERTIFICATE REQUEST-----\n',
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(stateDir, 'orders'))).mode & 0o777).toBe(0o700);
  });

  it('gives a resumed order the same pair and makes no second one', async () => {
    const stateDir = await makeScratchDirectory();
    const pairs = maker();
    const first = await prepareOrderFiles(stateDir, '17', pairs.make, ours);
    expect(await prepareOrderFiles(stateDir, '17', pairs.make, ours)).toEqual(first);
    expect(pairs.made).toBe(1);
  });

  it("keeps a person's CSR without a key", async () => {
    const stateDir = await makeScratchDirectory();
    const given = { keyPem: null, csrDer: Buffer.from('given') };
    await prepareOrderFiles(stateDir, '17', async () => given, ours);
    expect(readOrderFiles(stateDir, '17')).toEqual(given);
  });

  it('makes a new pair where only half of one lies', async () => {
    const stateDir = await makeScratchDirectory();
    await mkdir(join(stateDir, 'orders'));
    await writeFile(join(stateDir, 'orders', '17.pem'), 'half\n-----BEGIN CERTIFICATE REQUEST-----\nY3Ny');
    expect(readOrderFiles(stateDir, '17')).toBeNull();
    const made = await prepareOrderFiles(stateDir, '17', maker().make, ours);
    expect(made.keyPem).toBe('key 1\n');
    expect(readOrderFiles(stateDir, '17')).toEqual(made);
  });

  it('gives everybody the same pair when several prepare at once', async () => {
    const stateDir = await makeScratchDirectory();
    const { make } = maker();
    const all = await Promise.all(
      Array.from({ length: 6 }, () => prepareOrderFiles(stateDir, '17', make, ours)),
    );
    const kept = readOrderFiles(stateDir, '17');
    for (const each of all) expect(each).toEqual(kept);
    expect(await readdir(join(stateDir, 'orders'))).toEqual(['17.pem']);
  });

  it('leaves nothing behind when the pair cannot be made', async () => {
    const stateDir = await makeScratchDirectory();
    await expect(
      prepareOrderFiles(stateDir, '17', () => Promise.reject(new Error('no')), ours),
    ).rejects.toThrow('no');
    expect(await readdir(stateDir)).toEqual([]);
  });

  it('tells a disk that fails from a bug', async () => {
    const stateDir = join(await makeScratchDirectory(), 'file');
    await writeFile(stateDir, '');
    await expect(prepareOrderFiles(stateDir, '17', maker().make, ours)).rejects.toMatchObject({
      code: 'store',
    });
  });
});

describe('removeOrderFiles', () => {
  it('removes the pair and what a crash left, and nothing of other orders', async () => {
    const stateDir = await makeScratchDirectory();
    await prepareOrderFiles(stateDir, '1', maker().make, ours);
    await prepareOrderFiles(stateDir, '17', maker().make, ours);
    await writeFile(join(stateDir, 'orders', '.1.0123456789abcdef'), 'half');
    await writeFile(join(stateDir, 'orders', '.17.0123456789abcdef'), 'half');
    removeOrderFiles(stateDir, '1');
    expect((await readdir(join(stateDir, 'orders'))).sort()).toEqual(['.17.0123456789abcdef', '17.pem']);
    removeOrderFiles(stateDir, '1');
  });

  it('is content where there never was an order', async () => {
    removeOrderFiles(await makeScratchDirectory(), '1');
  });
});

describe('removeUsedFiles', () => {
  it('removes the pair of an order, and is content where there is none', async () => {
    const stateDir = await makeScratchDirectory();
    await prepareOrderFiles(stateDir, '17', maker().make, ours);
    removeUsedFiles(stateDir, '17');
    removeUsedFiles(stateDir, '17');
    expect(await readdir(join(stateDir, 'orders'))).toEqual([]);
  });
});

describe('ordersWithFiles', () => {
  it('names orders with a whole pair and ones that a crash left unfinished, each once', async () => {
    const stateDir = await makeScratchDirectory();
    expect(ordersWithFiles(stateDir)).toEqual([]);
    await prepareOrderFiles(stateDir, '17', maker().make, ours);
    await writeFile(join(stateDir, 'orders', '.17.0123456789abcdef'), 'half');
    await writeFile(join(stateDir, 'orders', '.18.0123456789abcdef'), 'half');
    expect(ordersWithFiles(stateDir).sort()).toEqual(['17', '18']);
  });
});
