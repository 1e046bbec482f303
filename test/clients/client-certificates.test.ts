import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientName } from '../../src/clients/client-accounts.ts';
import { certificatesOfClient } from '../../src/clients/client-certificates.ts';
import { iniSections } from '../../src/clients/ini-sections.ts';
import { shellValues } from '../../src/clients/shell-values.ts';
import { selfSigned } from '../support/openssl.ts';
import { newWorkspace, type Workspace } from '../support/workspace.ts';

let here: Workspace;

beforeEach(async () => {
  here = await newWorkspace();
});

afterEach(async () => {
  await here.remove();
});

async function put(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(here.file(name)), { recursive: true });
  await writeFile(here.file(name), text);
}

async function found(
  client: ClientName,
): Promise<NonNullable<Awaited<ReturnType<typeof certificatesOfClient>>>> {
  const all = await certificatesOfClient(client, here.directory);
  if (all === null) throw new Error('not a client with certificates');
  return all;
}

const server = 'server = https://ca.test/directory\n';

describe('certificatesOfClient', () => {
  it('reads certbot: names and kind of key of the certificate, and its own way to prove them', async () => {
    const ec = await selfSigned(here.directory, ['one.test', 'www.one.test'], 'ec:P-384');
    for (const name of ['one.test', 'two', 'three', 'four', 'five']) await put(`live/${name}/cert.pem`, ec);
    const map = (second: string): string =>
      `[[webroot_map]]\none.test = /var/www\nwww.one.test = ${second}\n`;
    await put(
      'renewal/one.test.conf',
      `# renew_before_expiry = 30 days\nversion = 2.1.0\narchive_dir = /x\n\n[renewalparams]\naccount = 0123\n${server}` +
        `authenticator = webroot\nwebroot_path = /elsewhere,\nkey_type = ecdsa\nreuse_key = True\n` +
        `renew_hook = systemctl reload nginx\npre_hook = None\npost_hook = true\npreferred_chain = ISRG Root X1\n${map('/var/www')}`,
    );
    await put('renewal/two.conf', `[renewalparams]\nauthenticator = webroot\n${map('"/srv/www, data"')}`);
    await put('renewal/three.conf', `[renewalparams]\n${server}authenticator = dns-cloudflare\n`);
    await put(
      'renewal/four.conf',
      `[renewalparams]\nauthenticator = standalone\nhttp01_address = ::1\nhttp01_port = 81\n`,
    );
    await put('renewal/five.conf', `[renewalparams]\nauthenticator = standalone\nautorenew = False\n`);
    await put('renewal-hooks/deploy/nginx.sh', '');
    await put('renewal/six.conf', `[renewalparams]\nauthenticator = standalone\n`);
    const { certificates, unreadable } = await found('certbot');
    expect(certificates.map(({ name, solver }) => [name, solver])).toEqual([
      ['five', null],
      ['four', { solver: 'standalone', challenge: 'http-01', listen: '[::1]:81' }],
      ['one.test', { solver: 'webroot', challenge: 'http-01', webroot: '/var/www' }],
      ['three', null],
      [
        'two',
        {
          solver: 'webroot',
          challenge: 'http-01',
          webroot: '/var/www',
          webrootFor: 'www.one.test=/srv/www, data',
        },
      ],
    ]);
    expect(certificates.map(({ unsolved }) => unsolved)).toEqual([
      expect.stringContaining('autorenew'),
      null,
      null,
      expect.stringContaining('dns-cloudflare'),
      null,
    ]);
    expect(certificates[2]).toMatchObject({
      names: ['one.test', 'www.one.test'],
      directoryUrl: 'https://ca.test/directory',
      options: {
        keyType: 'ec384',
        reuseKey: true,
        preferredChain: 'ISRG Root X1',
        deployHook: 'systemctl reload nginx',
      },
      notes: ["its post_hook isn't run", "renewal-hooks/deploy/nginx.sh isn't run"],
    });
    expect(unreadable).toMatchObject([{ file: here.file('renewal/six.conf') }]);
  });

  it.each([
    [['a.test'], '', 'http-01'],
    [['a.test'], 'pref_challs = dns-01,\n', 'dns-01'],
    [['*.a.test'], '', 'dns-01'],
  ])("reads certbot's hooks for names: %j, %j", async (names, preferred, challenge) => {
    await put('live/one/cert.pem', await selfSigned(here.directory, names, 'ec:P-256'));
    const hooks = 'manual_auth_hook = /etc/auth.sh --zone a\nmanual_cleanup_hook = /etc/cleanup.sh\n';
    await put('renewal/one.conf', `[renewalparams]\nauthenticator = manual\n${preferred}${hooks}`);
    await put('live/two/cert.pem', await selfSigned(here.directory, names, 'ec:P-256'));
    await put('renewal/two.conf', `[renewalparams]\nauthenticator = manual\n${preferred}`);
    expect((await found('certbot')).certificates).toMatchObject([
      {
        solver: {
          solver: 'exec',
          challenge,
          hook: '/etc/auth.sh --zone a',
          cleanupHook: '/etc/cleanup.sh',
          hookStyle: 'certbot',
        },
      },
      { solver: null, unsolved: expect.stringContaining('no hook') as unknown },
    ]);
  });

  it("reads lego, whose files don't say how names are proven", async () => {
    await put('certificates/_.four.test.crt', await selfSigned(here.directory, ['*.four.test'], 'rsa:2048'));
    const certUrl = 'https://ca.test:444/certZ/1';
    await put('certificates/_.four.test.json', JSON.stringify({ domain: '*.four.test', certUrl }));
    await put('certificates/broken.test.json', '{}');
    const { certificates, unreadable } = await found('lego');
    expect(certificates).toMatchObject([
      {
        name: '_.four.test',
        names: ['*.four.test'],
        directoryUrl: null,
        serverHost: 'ca.test:444',
        solver: null,
        options: { keyType: 'rsa2048' },
      },
    ]);
    expect(unreadable).toHaveLength(1);
  });

  it.each([
    ['renew_hook = "systemctl reload nginx" # a comment', 'systemctl reload nginx'],
    ['renew_hook = systemctl reload nginx # a comment', 'systemctl reload nginx'],
    [`renew_hook = '''cp "a" 'b'\nsystemctl reload nginx''' # c`, `cp "a" 'b'\nsystemctl reload nginx`],
    ['renew_hook = None', undefined],
    ['renew_hook = cp a b, systemctl reload nginx', null],
    ['renew_hook = "cp a', null],
    ["renew_hook = '''cp a", null],
    ['renew_hook = cp %(a)s b', null],
  ])("takes certbot's hook as a whole, or not at all: %j", async (line, deployHook) => {
    await put('live/hooked/cert.pem', await selfSigned(here.directory, ['hooked.test'], 'ec:P-256'));
    await put('renewal/hooked.conf', `[renewalparams]\nauthenticator = standalone\n${line}\n`);
    const { certificates, unreadable } = await found('certbot');
    const [hooked] = certificates.filter(({ name }) => name === 'hooked');
    if (deployHook === null) {
      expect(hooked).toBeUndefined();
      const reason = expect.stringContaining("renew_hook can't be read as one command") as string;
      expect(unreadable).toContainEqual({ file: here.file('renewal/hooked.conf'), reason });
      return;
    }
    expect(hooked?.options.deployHook).toBe(deployHook);
  });

  it('reads acme.sh', async () => {
    const conf = (domain: string, alt: string, webroot: string, more = ''): string =>
      `Le_Domain='${domain}'\nLe_Alt='${alt}'\nLe_Webroot='${webroot}'\n${more}`;
    const reload = Buffer.from("service nginx 'reload'").toString('base64');
    await put(
      'five.test_ecc/five.test.conf',
      conf(
        'five.test',
        'www.five.test,no',
        '/var/www,/var/www',
        `Le_Keylength='ec-256'\nLe_API='https://ca.test/dir'\nLe_PreHook=''\nLe_RealKeyPath='/etc/x.key'\n` +
          `Le_ReloadCmd='__ACME_BASE64__START_${reload}__ACME_BASE64__END_'\n`,
      ),
    );
    await put('six.test/six.test.conf', conf('six.test', 'no', 'alpn', `Le_TLSPort='444'\n`));
    await put('seven.test/seven.test.conf', conf('seven.test', 'no', 'dns_cf'));
    await put('eight.test/eight.test.conf', conf('eight.test', 'www.eight.test', 'no,/srv'));
    await put('seven.test/seven.test.csr.conf', '[req]');
    await put('nine.test/nine.test.conf', conf('nine.test', '*.nine.test', 'dns_mine'));
    await put('ten.test/ten.test.conf', conf('ten.test', 'no', 'dns_mine', `Le_ChallengeAlias='=x.test'\n`));
    for (const file of ['acme.sh', 'dnsapi/dns_mine.sh']) await put(file, '');
    const { certificates, unreadable } = await found('acme.sh');
    expect(unreadable).toEqual([]);
    expect(certificates).toMatchObject([
      { solver: null, unsolved: 'its names are proven in different ways' },
      {
        name: 'five.test_ecc',
        names: ['five.test', 'www.five.test'],
        directoryUrl: 'https://ca.test/dir',
        solver: { solver: 'webroot', webroot: '/var/www' },
        options: { keyType: 'ec256', deployHook: "service nginx 'reload'" },
        notes: ["it isn't copied to /etc/x.key"],
      },
      {
        names: ['nine.test', '*.nine.test'],
        solver: { challenge: 'dns-01', hook: here.file('dnsapi/dns_mine.sh'), hookStyle: 'acme.sh' },
      },
      {
        name: 'seven.test',
        solver: null,
        unsolved: `acme.sh, or its script dns_cf.sh, isn't in ${here.directory}`,
      },
      {
        names: ['six.test'],
        solver: { solver: 'standalone', challenge: 'tls-alpn-01', listen: '444' },
        options: { keyType: 'rsa2048' },
      },
      { solver: null, unsolved: "acme.sh's dns_mine writes its records under another name, an alias" },
    ]);
    // A folder of certificates alone, whose acme.sh is elsewhere.
    await rm(here.file('acme.sh'));
    const alone = (await found('acme.sh')).certificates.find(({ name }) => name === 'nine.test');
    expect(alone).toMatchObject({
      solver: null,
      unsolved: expect.stringContaining('dns_mine.sh') as unknown,
    });
  });
});

describe('iniSections', () => {
  it('reads lists, quotes and sections in sections', () => {
    const sections = iniSections('a = 1\n[x]\nb = "p, q", r,\n"c d" = \'=\'\n[[y]]\n*.e.test = /w\n[z]\n');
    expect([...sections]).toEqual([
      ['', new Map([['a', '1']])],
      [
        'x',
        new Map<string, unknown>([
          ['b', ['p, q', 'r']],
          ['c d', '='],
        ]),
      ],
      ['x/y', new Map([['*.e.test', '/w']])],
      ['z', new Map()],
    ]);
  });

  it.each([
    ['an open section', (blanks: string) => `[${blanks}`],
    ['a section with more behind it', (blanks: string) => `[${blanks}]${blanks}x`],
    ['brackets alone', (blanks: string) => `${blanks.replaceAll(' ', '[')}]${blanks.replaceAll(' ', ']')}x]`],
    ['a key', (blanks: string) => `a${blanks}b`],
    ['a value', (blanks: string) => `a${blanks}=${blanks}"${blanks}`],
  ])('reads a line of 64 kB that is %s at once', (_what, line) => {
    const text = `${line(' '.repeat(65_536))}\nlast = 1`;
    const startedAt = performance.now();
    expect([...iniSections(text).values()].at(-1)?.get('last')).toBe('1');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('shellValues', () => {
  it('expands nothing', () => {
    expect(shellValues("A='$(reboot)'\nB=`reboot`\nexport C=\"d\"\n E = f\nA='2'\n")).toEqual(
      new Map([
        ['A', '2'],
        ['B', '`reboot`'],
        ['C', 'd'],
      ]),
    );
  });
});

it('never fails at settings that no client wrote in another way than by an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const part of [
        text,
        `[renewalparams]\n${text}`,
        `Le_Domain='${text}'`,
        text.replaceAll(/[^[\]=,"'\n]/g, 'a'),
      ]) {
        expect(iniSections(part).get('')).toBeDefined();
        expect(shellValues(part).size).toBeLessThanOrEqual(part.length);
      }
    }),
  );
});
