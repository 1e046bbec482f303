import { describe, expect, it } from 'vitest';
import { Misuse } from '../../src/command-line/ledger-command.ts';
import { refusalOf, withLine } from '../../src/command-line/refusal.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { wordsOf } from '../support/documents.ts';

/** What is typed, and the whole command that is suggested; each of them is one that the program takes. */
const meant: Record<string, [typed: string, suggested: string][]> = {
  certbot: [
    ['certonly', 'issue example.com --webroot /var/www/html'],
    ['run -d a.test', 'issue a.test --webroot /var/www/html'],
    [
      'certonly --webroot -w /var/www -d a.test -d b.test -m a@b.test --agree-tos -n --no-eff-email',
      'issue a.test b.test --webroot /var/www --email a@b.test --agree-tos',
    ],
    ['certonly -d a.test,b.test --standalone', 'issue a.test b.test --solver standalone'],
    ['--nginx -d a.test', "issue a.test --webroot /var/www/html --deploy-hook 'systemctl reload nginx'"],
    [
      'certonly --apache -d a.test -w /srv',
      "issue a.test --webroot /srv --deploy-hook 'systemctl reload apache2'",
    ],
    ['certonly -a webroot -w /srv -d a.test', 'issue a.test --webroot /srv'],
    ['certonly --manual -d *.a.test', "issue '*.a.test' --hook /etc/acme-ledger/dns.sh"],
    [
      'certonly --dns-cloudflare --dns-cloudflare-credentials /x.ini --dns-cloudflare-propagation-seconds 60 -d a.test',
      'issue a.test --hook /etc/acme-ledger/dns.sh --propagation-timeout 60s',
    ],
    ['certonly -d *.a.test', "issue '*.a.test' --hook /etc/acme-ledger/dns.sh"],
    ['issue a.test --webroot /srv --test-cert', 'issue a.test --webroot /srv --staging'],
    [
      'certonly -d a.test -w /srv --key-type rsa --rsa-key-size 4096 --preferred-challenges http',
      'issue a.test --webroot /srv --key-type rsa4096 --challenge http-01',
    ],
    [
      'certonly -d a.test -w /srv --key-type ecdsa --elliptic-curve secp384r1',
      'issue a.test --webroot /srv --key-type ec384',
    ],
    [
      "certonly -d a.test -w /srv --post-hook 'service nginx reload'",
      "issue a.test --webroot /srv --deploy-hook 'service nginx reload'",
    ],
    ["certonly -d a.test -w /srv --pre-hook 'service nginx stop'", 'issue a.test --webroot /srv'],
    [
      'certonly -d a.test -w /srv --preferred-profile shortlived',
      'issue a.test --webroot /srv --profile shortlived',
    ],
    [
      'certonly -d a.test -w /srv --allow-subset-of-names',
      'issue a.test --webroot /srv --on-failed-name drop',
    ],
    [
      'certonly -d a.test -w /srv --server https://acme.test/directory',
      'issue a.test --webroot /srv --ca https://acme.test/directory',
    ],
    [
      'certonly -d a.test -w /srv --eab-hmac-key geheim --eab-kid k',
      'issue a.test --webroot /srv --eab-hmac-key-file /etc/acme-ledger/eab.key --eab-kid k',
    ],
    ['certificates', 'cert list'],
    ['delete --cert-name a.test', 'cert remove a.test'],
    ['delete a.test', 'cert remove a.test'],
    ['revoke a.test', 'cert revoke a.test'],
    ['revoke --cert-name a.test --reason superseded', 'cert revoke a.test --reason superseded'],
    ['renew --force', 'renew --all'],
    ['renew --force-renewal --cert-name a.test', 'renew a.test --all'],
    [
      "renew --deploy-hook 'service nginx reload' --no-random-sleep-on-renew",
      "renew --on-finish 'service nginx reload'",
    ],
    ['register -m a@b.test --agree-tos', 'account register --email a@b.test --agree-tos'],
    [
      'certonly --manual --manual-auth-hook /a.sh --manual-cleanup-hook /c.sh -d a.test',
      'issue a.test --hook /a.sh --hook-style certbot --cleanup-hook /c.sh',
    ],
    ['show_account', 'account show'],
    ['reconfigure --cert-name a.test --key-type ecdsa', 'cert set a.test --key-type ec256'],
  ],
  lego: [
    [
      '--domains a.test --email a@b.test --accept-tos --http --http.port :5002 run',
      'issue a.test --email a@b.test --agree-tos --solver standalone --listen 5002',
    ],
    ['-d a.test --http --http.webroot /srv run', 'issue a.test --solver standalone --webroot /srv'],
    [
      '--email a@b.test --dns cloudflare -d *.a.test run',
      "issue '*.a.test' --email a@b.test --hook /etc/acme-ledger/dns.sh",
    ],
    ['--tls -d a.test run --profile shortlived', 'issue a.test --challenge tls-alpn-01 --profile shortlived'],
    ['-d a.test --key-type EC256 run', 'issue a.test --webroot /var/www/html --key-type ec256'],
    ['renew --days 30', 'renew'],
    ['list', 'cert list'],
  ],
  'acme.sh': [
    [
      '--issue -d a.test -d b.test -w /srv --keylength ec-256 --server letsencrypt_test',
      'issue a.test b.test --webroot /srv --key-type ec256 --ca letsencrypt-staging',
    ],
    ['--issue --standalone -d a.test --test', 'issue a.test --solver standalone --staging'],
    ['--issue --dns dns_cf -d a.test', 'issue a.test --hook dns_cf --hook-style acme.sh'],
    ['--renew -d a.test --force', 'renew a.test --all'],
    [
      '--install-cert -d a.test --key-file /k --fullchain-file /f --reloadcmd reload',
      'issue a.test --webroot /var/www/html --deploy-hook reload',
    ],
    ['--cron', 'renew'],
    ['--list', 'cert list'],
    ['--revoke -d a.test', 'cert revoke a.test'],
    ['--register-account -m a@b.test', 'account register --email a@b.test'],
  ],
  dehydrated: [
    ['-c', 'renew'],
    ['-c -x -d a.test', 'renew a.test --all'],
    ['--register --accept-terms', 'account register --agree-tos'],
    ['--cleanup', 'authz clear'],
  ],
  'acme-ledger itself': [
    ['--webroot /srv issue a.test', 'issue a.test --webroot /srv'],
    ['--limit 3 authz list', 'authz list --limit 3'],
    ['isue a.test --webroot /srv', 'issue a.test --webroot /srv'],
    ['issue a.test --webroot /srv --emial a@b.test -vv', 'issue a.test --webroot /srv --email a@b.test -vv'],
    ['clear --dry-run', 'authz clear --dry-run'],
    ['cert delete a.test', 'cert remove a.test'],
    ['cert lst', 'cert list'],
    ['a.test', 'issue a.test --webroot /var/www/html'],
    ['issue a.test --webroot -w /srv', 'issue a.test --webroot /srv'],
    ['certs', 'cert list'],
    ['orders', 'order list'],
  ],
};

async function refusal(typed: string): Promise<AcmeLedgerError> {
  const words = wordsOf(typed);
  const program = buildProgram({ bind: (command) => void command.action(() => undefined) });
  const error: unknown = await program.parseAsync(['node', 'acme-ledger', ...words]).then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Misuse)) throw error;
  return refusalOf(error, program, words);
}

describe.each(Object.entries(meant))('what users of %s type', (_client, cases) => {
  it.each(cases)('%s', async (typed, suggested) => {
    expect((await refusal(typed)).hint).toBe(`acme-ledger ${suggested}`);
    let ran = 0;
    const program = buildProgram({ bind: (command) => void command.action(() => void (ran += 1)) });
    await program.parseAsync(['node', 'acme-ledger', ...wordsOf(suggested)]);
    expect(ran).toBe(1);
  });
});

describe('a refusal', () => {
  it.each([
    ['issue -d a.test', /^unknown option '-d': names stand by themselves$/],
    ['issue a.test --dns x', /^unknown option '--dns': a hook of yours edits the zone/],
    ['issue a.test --eab-hmac-key=geheim', /^unknown option '--eab-hmac-key': a secret is never an argument/],
    ['issue --domain=a.test', /^unknown option '--domain': names stand by themselves$/],
    ['issue a.test --eab-hmac-key x', /^unknown option '--eab-hmac-key': a secret is never an argument/],
    ['--webroot /x issue a.test', /^--webroot is an option of issue, and belongs behind it$/],
    ['renew --webroot /x', /^unknown option '--webroot': renew has none, only issue, cert add, /],
    ['issue a.test --webroot A --webroot B', /^--webroot is given twice: "A" and "B"$/],
    ['issue a.test --webroot --csr', /^--webroot needs a value, and "--csr" looks like an option$/],
    [
      'cert show a.test b.test',
      /^too many arguments for 'show': cert show takes one NAME, not a\.test b\.test$/,
    ],
    ['cert frob', /^acme-ledger cert has no command 'frob'$/],
    ['cert', /^acme-ledger cert needs one of its commands$/],
  ])('says what is wrong: %s', async (typed, message) => {
    expect((await refusal(typed)).message).toMatch(message);
  });

  it.each([
    ['frobnicate', /^the commands are issue, renew, cert, .*; acme-ledger --help tells what they do$/],
    ['cert frob', /^the commands are list, show, .*; acme-ledger cert --help tells what they do$/],
    ['cert show a b', /^acme-ledger cert show \[options\] <NAME>; the commands are list, show/],
    ['issue a.test --frob x', /^acme-ledger issue --help shows what there is$/],
    [
      'issue a.test --webroot A --webroot B',
      /^leave one of them out; names with another --webroot are a certificate of/,
    ],
    ['--ca a --ca b status', /^leave one of them out$/],
    ['certonly -w /a -d a.test -w /b -d b.test', /^acme-ledger issue --help shows what there is$/],
    ['cert show', /^acme-ledger cert show example\.com$/],
    [`issue ${'a'.repeat(3_000)} --emial x`, /^acme-ledger issue --help shows what there is$/],
  ])('says what to type where no line can be told: %s', async (typed, hint) => {
    expect((await refusal(typed)).hint).toMatch(hint);
  });

  it('takes what may be given more than once', async () => {
    let ran = 0;
    const program = buildProgram({ bind: (command) => void command.action(() => void (ran += 1)) });
    const words =
      'authz clear --import-accounts lego --import-accounts certbot --from-log a b -v -v --json --json';
    await program.parseAsync(['node', 'acme-ledger', ...words.split(' ')]);
    expect(ran).toBe(1);
  });

  it.each([
    [
      'issue a.test,b.test --webroot /srv',
      '"a.test,b.test" has a comma',
      'issue a.test b.test --webroot /srv',
    ],
    [
      'issue https://a.test/x --webroot /srv',
      `"https://a.test/x" isn't a domain name`,
      'issue a.test --webroot /srv',
    ],
    [
      'issue a.test --webroot /srv --key-type rsa',
      `--key-type "rsa" isn't there`,
      'issue a.test --webroot /srv --key-type rsa2048',
    ],
    [
      'issue a.test --webroot /srv --ca le',
      `"le" isn't a CA`,
      'issue a.test --webroot /srv --ca letsencrypt',
    ],
  ])('of a value has the whole line, too: %s', (typed, message, suggested) => {
    const program = buildProgram({ bind: () => undefined });
    const error = new AcmeLedgerError('usage', message, { hint: 'as it was' });
    expect(withLine(error, program, wordsOf(typed))).toMatchObject({
      message,
      hint: `as it was: acme-ledger ${suggested}`,
    });
    const other = new AcmeLedgerError('usage', 'about something else', { hint: 'as it was' });
    expect(withLine(other, program, wordsOf(typed))).toBe(other);
  });

  it('quotes what is pasted', async () => {
    expect((await refusal("issue a.test -w '/a b;$(id)'")).hint).toBe(
      "acme-ledger issue a.test --webroot '/a b;$(id)'",
    );
  });
});
