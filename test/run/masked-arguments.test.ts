import { expect, it } from 'vitest';
import { maskedArguments } from '../../src/run/masked-arguments.ts';

it.each([
  ['issue a.test --webroot /srv/www -v', 'issue a.test --webroot /srv/www -v'],
  ['renew --ledger postgres://me:p@ss@db.test/acme', 'renew --ledger postgres://me:***@db.test/acme'],
  [
    'renew --ledger=postgres://me:word@db.test/acme?sslmode=off',
    'renew --ledger=postgres://me:***@db.test/acme?sslmode=off',
  ],
  [
    'issue a.test --ca https://ca.test/dir?api_key=abc&x=1',
    'issue a.test --ca https://ca.test/dir?api_key=***&x=1',
  ],
  [
    'issue a.test --eab-kid kid --eab-hmac-key-file /etc/k',
    'issue a.test --eab-kid kid --eab-hmac-key-file /etc/k',
  ],
  ['issue a.test --eab-hmac-key abc', 'issue a.test --eab-hmac-key ***'],
  ['issue a.test --key-type rsa2048', 'issue a.test --key-type rsa2048'],
  ['issue a.test --hook /etc/dns.sh', 'issue a.test --hook /etc/dns.sh'],
  ['issue a.test --hook /etc/dns.sh|--token|abc', 'issue a.test --hook /etc/dns.sh …'],
  ['issue a.test --deploy-hook TOKEN=abc|/bin/x', 'issue a.test --deploy-hook /bin/x …'],
  ['renew --on-finish=curl|-H|Bearer:abc', 'renew --on-finish=curl …'],
  ['renew --name-hook "$(cat|/secret)"', 'renew --name-hook …'],
])('"%s" is kept as "%s"', (given, kept) => {
  // A bar stands for a blank inside of an argument.
  expect(maskedArguments(given.split(' ').map((word) => word.replaceAll('|', ' '))).join(' ')).toBe(kept);
});
