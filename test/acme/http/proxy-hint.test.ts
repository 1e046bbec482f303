import { afterEach, expect, it, vi } from 'vitest';
import { ConnectionFailure, unreachable } from '../../../src/acme/http/connection-failure.ts';

afterEach(() => vi.unstubAllEnvs());

it('the error of a connection says that a proxy which is set is not heeded', () => {
  const failure = new ConnectionFailure('timeout', false, "ca.test didn't accept a connection");
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']) vi.stubEnv(name, '');
  expect(unreachable(failure, 'GET').hint).not.toMatch(/PROXY/);
  vi.stubEnv('HTTPS_PROXY', 'http://user:secret@proxy.test:3128');
  const { hint } = unreachable(failure, 'GET');
  expect(hint).toMatch(/HTTPS_PROXY is set, but acme-ledger doesn't heed it yet/);
  expect(hint).not.toMatch(/secret|proxy\.test/);
  const lost = new ConnectionFailure('reset', true, 'ca.test closed the connection');
  expect(unreachable(lost, 'POST').hint).not.toMatch(/PROXY/);
});
