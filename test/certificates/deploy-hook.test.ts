import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runDeployHook } from '../../src/certificates/deploy-hook.ts';
import type { StoredCertificate } from '../../src/certificates/store.ts';
import { makeScratchDirectory } from './scratch-directory.ts';

const { signal } = new AbortController();
const certificate: StoredCertificate = {
  name: '_.example.com',
  names: ['*.example.com', 'example.com'],
  serial: '0a',
  notBefore: new Date(0),
  notAfter: new Date(1),
  issuerCommonName: null,
  keyType: 'ec256',
  paths: {
    directory: '/c',
    fullchain: '/c/fullchain.pem',
    cert: '/c/cert.pem',
    chain: '/c/chain.pem',
    privkey: '/c/privkey.pem',
  },
};

describe('runDeployHook', () => {
  it('gives the hook what certbot and lego give theirs', async () => {
    const out = join(await makeScratchDirectory(), 'out');
    await runDeployHook(
      {
        command: `env | grep -E '^(RENEWED|LEGO)_' | sort > ${out}; :`,
        certificate,
        email: 'a@example.com',
        runId: 'run',
      },
      signal,
    );
    expect((await readFile(out, 'utf8')).trim().split('\n')).toEqual([
      'LEGO_ACCOUNT_EMAIL=a@example.com',
      'LEGO_CERT_DOMAIN=*.example.com',
      'LEGO_CERT_KEY_PATH=/c/privkey.pem',
      'LEGO_CERT_PATH=/c/fullchain.pem',
      'LEGO_HOOK_ACCOUNT_EMAIL=a@example.com',
      'LEGO_HOOK_CERT_DOMAINS=*.example.com,example.com',
      'LEGO_HOOK_CERT_KEY_PATH=/c/privkey.pem',
      'LEGO_HOOK_CERT_KEY_TYPE=EC256',
      'LEGO_HOOK_CERT_NAME=_.example.com',
      'LEGO_HOOK_CERT_NAME_SANITIZED=_.example.com',
      'LEGO_HOOK_CERT_PATH=/c/fullchain.pem',
      'LEGO_HOOK_ISSUER_CERT_PATH=/c/chain.pem',
      'RENEWED_DOMAINS=*.example.com example.com',
      'RENEWED_LINEAGE=/c',
    ]);
  });

  it('leaves out the key that a person keeps', async () => {
    const keyless = { ...certificate, paths: { ...certificate.paths, privkey: null } };
    await runDeployHook(
      {
        command: 'test -z "${LEGO_CERT_KEY_PATH+set}${LEGO_HOOK_CERT_KEY_PATH+set}"; exit $?;',
        certificate: keyless,
        email: null,
        runId: 'run',
      },
      signal,
    );
  });

  it.each([
    ['fails', 'echo "no such unit" >&2; exit 3;', 'no such unit'],
    ['is missing', '/nonexistent/hook', '/nonexistent/hook'],
    ['takes too long', 'sleep 30;', '0.2 s'],
  ])('tells a hook that %s', async (_case, command, part) => {
    await expect(
      runDeployHook({ command, certificate, email: null, runId: 'run', timeoutMs: 200 }, signal),
    ).rejects.toMatchObject({
      code: 'deploy-hook',
      message: expect.stringContaining(part) as string,
    });
  });

  it('ends with the reason of the signal', async () => {
    const reason = new Error('interrupted');
    await expect(
      runDeployHook(
        { command: 'sleep 30;', certificate, email: null, runId: 'run' },
        AbortSignal.abort(reason),
      ),
    ).rejects.toBe(reason);
  });
});
