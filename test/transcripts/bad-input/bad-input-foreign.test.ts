import { describe, it } from 'vitest';
import { expectRefused, withStage } from './bad-input-stage.ts';

/** What users of other clients type, the beginning of the refusal, and the whole command that it suggests. */
const cases: [typed: string[], error: RegExp, suggested: string][] = [
  [['certonly', '-d', 'a.test'], /unknown command 'certonly'/, 'issue a.test --webroot /var/www/html'],
  [['certificates'], /unknown command 'certificates'/, 'cert list'],
  [['run'], /unknown command 'run'/, 'issue example.com --webroot /var/www/html'],
  [['obtain', 'a.test'], /unknown command 'obtain'/, 'issue a.test --webroot /var/www/html'],
  [['delete', 'a.test'], /unknown command 'delete'/, 'cert remove a.test'],
  [['revoke', 'a.test'], /unknown command 'revoke'/, 'cert revoke a.test'],
  [
    ['issue', '-d', 'a.test', '--webroot', 'webroot'],
    /unknown option '-d': names stand by themselves/,
    'issue a.test --webroot webroot',
  ],
  [
    ['issue', 'a.test', '--test-cert', '--webroot', 'webroot'],
    /unknown option '--test-cert'/,
    'issue a.test --staging --webroot webroot',
  ],
  [
    ['issue', 'a.test', '--nginx'],
    /unknown option '--nginx': the configuration of a web server/,
    "issue a.test --webroot /var/www/html --deploy-hook 'systemctl reload nginx'",
  ],
  [
    ['issue', 'a.test', '--dns', 'cloudflare'],
    /unknown option '--dns': a hook of yours edits the zone/,
    'issue a.test --hook /etc/acme-ledger/dns.sh',
  ],
  [['renew', '--force'], /unknown option '--force': renew has --all/, 'renew --all'],
  [
    ['renew', '--deploy-hook', 'service nginx reload'],
    /unknown option '--deploy-hook': each certificate has its own/,
    "renew --on-finish 'service nginx reload'",
  ],
  [
    ['issue', 'a.test', '--webroot', 'webroot', '-m', 'a@b.test'],
    /unknown option '-m'/,
    'issue a.test --webroot webroot --email a@b.test',
  ],
  [
    ['issue', 'a.test', '--webroot', 'webroot', '--key-type', 'rsa'],
    /--key-type "rsa" isn't there/,
    'issue a.test --webroot webroot --key-type rsa2048',
  ],
  [
    ['issue', 'a.test', '--webroot', 'webroot', '--challenge', 'http'],
    /--challenge "http" isn't there/,
    'issue a.test --webroot webroot --challenge http-01',
  ],
  [
    ['--webroot', 'webroot', 'issue', 'a.test'],
    /--webroot is an option of issue, and belongs behind it/,
    'issue a.test --webroot webroot',
  ],
  [
    ['issue', 'a.test,b.test', '--webroot', 'webroot'],
    /"a\.test,b\.test" has a comma/,
    'issue a.test b.test --webroot webroot',
  ],
  [
    ['issue', 'https://a.test/', '--webroot', 'webroot'],
    /"https:\/\/a\.test\/" isn't a domain name/,
    'issue a.test --webroot webroot',
  ],
  [['--issue', '-d', 'a.test', '-w', '/srv'], /unknown option '--issue'/, 'issue a.test --webroot /srv'],
  [['-c'], /unknown option '-c'/, 'renew'],
];

describe.concurrent('what another client would take is refused with the command to type', () => {
  it.each(cases)('%j', async (typed, error, suggested) => {
    await withStage(async (stage) => {
      const line = `acme-ledger ${suggested}`.replace(/[.*?$()[\]{}|+^\\]/g, '\\$&');
      await expectRefused(stage, typed, { error, hint: new RegExp(`^hint: (?:.*: )?${line}$`) });
    });
  });
});

describe.concurrent('a command line is refused for', () => {
  it.each([
    [
      ['issue', 'a.test', '--webroot', 'A', 'b.test', '--webroot', 'B'],
      /--webroot is given twice: "A" and "B"/,
      /names with another --webroot are a certificate of their own/,
    ],
    [['status', '--ca', 'google', '--ca', 'zerossl'], /--ca is given twice/, /leave one of them out/],
    [['renew', '--splay', '1h', '--splay', '2h'], /--splay is given twice/, /leave one of them out/],
    [['renew', '--staging'], /renew orders each certificate at its own CA/, /acme-ledger renew --rehearse/],
    [
      ['issue', 'a.test', '--webroot', 'webroot', '--staging', '--ca', 'zerossl'],
      /--staging can't be used: ZeroSSL has no staging/,
      /letsencrypt and google have one/,
    ],
    [['cert', 'pause', 'a.test', '--until', '6'], /--until: "6" has no unit/, /6 of what: 6s, 6m, 6h/],
  ] as const)('%j', async (typed, error, hint) => {
    await withStage(async (stage) => {
      await expectRefused(stage, [...typed], { error, hint });
    });
  });

  it('an option of which one is in the environment: that is no second one', async () => {
    await withStage(async (stage) => {
      const env = { ACME_LEDGER_CA: 'zerossl' };
      const refusal = { error: /"nosuch" isn't a CA/, hint: /give one of/ };
      await expectRefused(stage, ['issue', 'a.test', '--webroot', 'webroot', '--ca', 'nosuch'], refusal, {
        env,
      });
    });
  });
});
