import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExternalAccount } from '../../src/settings/external-account.ts';
import { shellWord } from '../../src/shell-word.ts';
import { type Workspace, newWorkspace } from '../support/workspace.ts';

let here: Workspace;

beforeAll(async () => {
  here = await newWorkspace();
});

afterAll(() => here.remove());

const given = (value: string) => ({
  value,
  origin: { code: 'usage' as const, label: '--eab', baseDirectory: '/' },
});

async function keyIn(content: string): Promise<string | undefined> {
  const file = here.file('eab.key');
  await writeFile(file, content, { mode: 0o600 });
  return (await readExternalAccount(given('kid'), given(file)))?.hmacKey;
}

describe('the key of an external account binding', () => {
  const key = randomBytes(64).toString('base64url');

  it.each([
    ['as it is', key],
    ['with a line break at its end', `${key}\r\n`],
    ['with a byte order mark', `\ufeff${key}`],
    ['in quotes', `"${key}"\n`],
    ['in quotes of a text processor', `\u201c${key}\u201d`],
    ['wrapped', `${key.replaceAll(/.{20}/g, '$&\n')}\n`],
    ['in base64', Buffer.from(key, 'base64url').toString('base64')],
  ])('is taken %s', async (_how, content) => {
    expect(await keyIn(content)).toBe(key);
  });

  it.each([
    ['base64url', key],
    ['base64', Buffer.from(key, 'base64url').toString('base64')],
    ['base64 with a line break', `${Buffer.from(key, 'base64url').toString('base64')}\n`],
  ])('is named where it was encoded twice: %s', async (_how, once) => {
    await expect(keyIn(Buffer.from(once).toString('base64'))).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('encoded twice') as string,
      hint: expect.stringMatching(/base64 -d /) as string,
    });
  });

  it('has its path quoted in what is to be pasted', async () => {
    const file = here.file("it's; touch b.key");
    await writeFile(file, Buffer.from(key).toString('base64'), { mode: 0o600 });
    await expect(readExternalAccount(given('kid'), given(file))).rejects.toMatchObject({
      hint: expect.stringContaining(` base64 -d ${shellWord(file)} prints it`) as string,
    });
  });

  it('is not taken for one that was encoded twice, whatever bytes it has', async () => {
    for (let times = 0; times < 200; times += 1) {
      const other = randomBytes(32 + (times % 33)).toString('base64url');
      expect(await keyIn(other)).toBe(other);
    }
  });
});
