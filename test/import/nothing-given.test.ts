import { describe, expect, it } from 'vitest';
import { nothingGiven } from '../../src/import/nothing-given.ts';

const certbot = { client: 'certbot', home: '/etc/letsencrypt', isThere: false } as const;
const caddy = { client: 'caddy', home: '/root/.local/share/caddy', isThere: false } as const;

describe('an import that is told nothing', () => {
  it('says on a fresh machine where it looked, and how to begin', () => {
    const { message, hint } = nothingGiven([certbot, caddy]);
    expect(message).toMatch(
      /no other client has files here: \/etc\/letsencrypt, \/root\/\.local\/share\/caddy$/,
    );
    expect(hint).toMatch(/--import-accounts CLIENT:DIR; .*begin with acme-ledger issue NAME --webroot DIR$/);
  });

  it('names the clients that are here, and the command that shows what would be taken over', () => {
    const { message, hint } = nothingGiven([{ ...certbot, isThere: true }, caddy]);
    expect(message).toMatch(/; there is certbot in \/etc\/letsencrypt$/);
    expect(hint).toContain('acme-ledger account import --import-accounts certbot --certificates --dry-run');
    expect(nothingGiven([{ ...caddy, isThere: true }]).hint).toContain('--import-accounts caddy --dry-run');
  });
});
