import { execFileSync } from 'node:child_process';

/** Runs openssl, an implementation that isn't ours, and gives what it wrote. */
export function openssl(args: readonly string[], input: Uint8Array | string = ''): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}
