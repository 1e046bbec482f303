import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Flags } from '../../src/settings/layer.ts';
import { readSettings, type Settings } from '../../src/settings/settings.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'acme-ledger-staging-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function read(flags: Flags, environment: NodeJS.ProcessEnv = {}): Promise<Settings> {
  return readSettings(flags, environment, { cwd, isRoot: false, home: join(cwd, 'home') });
}

describe('--staging', () => {
  it.each([
    [{ staging: true }, {}, '', 'letsencrypt-staging', true],
    [{ staging: true, ca: 'google' }, {}, '', 'google-staging', true],
    [{ staging: true, ca: 'https://dv.acme-v02.api.pki.goog/directory' }, {}, '', 'google-staging', true],
    [{ staging: true, ca: 'letsencrypt-staging' }, {}, '', 'letsencrypt-staging', true],
    [{}, { ACME_LEDGER_STAGING: 'yes' }, 'ca: google\n', 'google-staging', true],
    [{}, { ACME_LEDGER_STAGING: 'no' }, 'staging: yes\n', 'letsencrypt', false],
    [{}, {}, 'staging: yes\n', 'letsencrypt-staging', false],
    [
      { staging: true, ca: 'zerossl' },
      {},
      'rehearsalCa: https://staging.example/dir\n',
      'https://staging.example/dir',
      true,
    ],
  ])('takes the staging: %j, %j, %j', async (flags, environment, configuration, ca, caGiven) => {
    await writeFile(join(cwd, 'acme-ledger.yaml'), configuration, { mode: 0o600 });
    expect(await read(flags, environment)).toMatchObject({ ca, caGiven });
  });

  it('refuses a staging where the CA has none, and says which have one', async () => {
    for (const [ca, label] of [
      ['zerossl', 'ZeroSSL'],
      ['https://ca.example/dir', 'ca.example'],
    ] as const) {
      await expect(read({ staging: true, ca })).rejects.toMatchObject({
        code: 'usage',
        message: `--staging can't be used: ${label} has no staging that acme-ledger knows of`,
        hint: expect.stringMatching(/^letsencrypt and google have one/) as string,
      });
    }
    await expect(read({ staging: true, ca: 'nosuch' })).rejects.toMatchObject({ code: 'usage' });
  });
});
