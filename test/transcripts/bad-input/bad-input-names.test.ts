import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Refusal, type Stage, expectRefused, withStage } from './bad-input-stage.ts';

const label63 = 'a'.repeat(63);

/** Names as they are typed, and what the program says. */
const names: [title: string, typed: string[], refusal: Refusal][] = [
  ['no name', [], { error: /no name given/, hint: /acme-ledger issue example\.com/ }],
  ['an empty name', [''], { error: /a name is empty/, hint: /quoting/ }],
  ['an empty label', ['a..example'], { error: /"a\.\.example" has an empty label/, hint: /two dots/ }],
  ['a dot in front', ['.example.com'], { error: /has an empty label/, hint: /two dots/ }],
  [
    'a label of 64 bytes',
    [`${label63}a.example`],
    { error: /label of 64 bytes, more than 63/, hint: /shorten/ },
  ],
  [
    'a name of 254 bytes',
    [`${label63}.${label63}.${label63}.${'b'.repeat(54)}.example`],
    { error: /is 254 bytes long, more than 253/, hint: /shorten/ },
  ],
  ['a blank inside', ['a b.example'], { error: /"a b\.example" isn't a domain name/, hint: /by itself/ }],
  ['a URL', ['https://a.example/'], { error: /slash/, hint: /without https/ }],
  ['a way out of the folder', ['../a.example'], { error: /"\.\.\/a\.example" isn't a domain/, hint: /path/ }],
  ['two wildcards', ['*.*.a.example'], { error: /only the first label may be a wildcard/, hint: /8555/ }],
  ['a wildcard inside', ['a.*.b.example'], { error: /only the first label may be a wildcard/, hint: /8555/ }],
  ['part of a wildcard', ['a*.b.example'], { error: /only the first label may be a wildcard/, hint: /8555/ }],
  ['a dot at the end', ['a.example.'], { error: /ends with a dot/, hint: /a\.example$/ }],
  ['a hyphen in front', ['a.-b.example'], { error: /label "-b" isn't letters/, hint: /RFC 1123/ }],
  ['half an IP address', ['10.0.0'], { error: /neither a domain name nor an IP address/, hint: /spelling/ }],
  ['an IP address with a zone', ['fe80::1%eth0'], { error: /has a zone/, hint: /%/ }],
  ['a terminal escape', ['a\u001b[31m.example'], { error: 'a\\x1b[31m.example', hint: /spelling/ }],
  ['a line feed', ['a.example\nerror: forged'], { error: 'a.example\\nerror: forged', hint: /by itself/ }],
  ['a right-to-left override', ['a\u202e.example'], { error: 'a\\u202e.example', hint: /spelling/ }],
  ['the same name twice', ['a.example', 'b.example', 'a.example'], { error: /given twice/, hint: /second/ }],
  [
    'the same name in capitals',
    ['a.example', 'A.Example'],
    { error: /"A\.Example" is given twice/, hint: /second/ },
  ],
  [
    'the same name as an A-label',
    ['bücher.example', 'xn--bcher-kva.example'],
    { error: /given twice/, hint: /second/ },
  ],
  ['the same IPv6 address twice', ['2001:db8::1', '2001:DB8:0::1'], { error: /given twice/, hint: /second/ }],
];

/** What a CA of one's own may certify, and a public one must not. */
const internalNames: typeof names = [
  ['one label', ['localhost'], { error: /"localhost" has only one label/, hint: /host\.example\.com/ }],
  ['a wildcard of one label', ['*.com'], { error: /only one label/, hint: /whole name/ }],
  ['an underscore', ['a_b.example'], { error: /label "a_b" isn't letters, digits/, hint: /RFC 1123/ }],
];

describe.concurrent('issue refuses at a public CA', () => {
  it.each(internalNames)('%s', async (_title, typed, refusal) => {
    await withStage(async (stage) => {
      const args = [
        'issue',
        ...typed,
        '--hook',
        'true',
        '--ca',
        'letsencrypt',
        '--state-dir',
        stage.stateDir,
      ];
      await expectRefused(stage, args, refusal);
    });
  });
});

describe.concurrent('issue refuses', () => {
  it.each(names)('%s', async (_title, typed, refusal) => {
    await withStage(async (stage) => {
      await expectRefused(stage, issue(stage, ...typed), refusal);
    });
  });

  it('a name that reads like an option', async () => {
    await withStage(async (stage) => {
      const refusal = { error: /unknown option '-a\.example'/, hint: /--help/ };
      await expectRefused(stage, issue(stage, '-a.example'), refusal);
    });
  });
});

describe.concurrent('issue --csr refuses', () => {
  const csrs: [title: string, make: (stage: Stage) => Promise<string[]>, refusal: Refusal][] = [
    [
      'a file that is not there',
      () => file('nowhere.csr'),
      { error: /CSR nowhere\.csr doesn't exist/, hint: /path/ },
    ],
    ['a directory', () => file('webroot'), { error: /isn't a regular file/, hint: /name a file/ }],
    ['an empty file', (stage) => write(stage, ''), { error: /is empty/, hint: /file you meant/ }],
    [
      'garbage',
      (stage) => write(stage, 'hello'),
      { error: /isn't a certificate request/, hint: /openssl req/ },
    ],
    ['a cut-off one', truncated, { error: /isn't a certificate request/, hint: /openssl req/ }],
    ['one with a wrong signature', forged, { error: /wrong signature/, hint: /openssl req/ }],
    ['one without names', (stage) => make(stage, '/'), { error: /has no names/, hint: /openssl req/ }],
    [
      'one with a bad name',
      (stage) => make(stage, '/', 'DNS:a-.example'),
      { error: /label "a-"/, hint: /openssl req/ },
    ],
    [
      'one with other names than those given',
      async (stage) => [...(await make(stage, '/', 'DNS:a.example')), 'b.example'],
      { error: /names given are not the ones in the CSR/, hint: /the CSR is for a\.example/ },
    ],
    [
      'one together with a key type',
      async (stage) => [...(await make(stage, '/', 'DNS:a.example')), '--key-type', 'ec384'],
      { error: /--key-type and --csr exclude each other/, hint: /key already/ },
    ],
  ];

  it.each(csrs)('%s', async (_title, make, refusal) => {
    await withStage(async (stage) => {
      const [csr = '', ...more] = await make(stage);
      await expectRefused(stage, [...issue(stage), '--csr', csr, ...more], refusal);
    });
  });
});

describe.concurrent('issue takes', () => {
  it.each([
    ['a unicode name as an A-label', 'Bücher.example', 'xn--bcher-kva.example'],
    ['a name in capitals as one in small letters', 'WWW.Example.COM', 'www.example.com'],
    ['a wildcard', '*.Example.com', '*.example.com'],
    ['an IPv6 address in its canonical form', '2001:DB8:0:0::1', '2001:db8::1'],
    ["one label, at a CA of one's own", 'intranet', undefined],
    ["an underscore, at a CA of one's own", 'a_b.example', undefined],
    ['a name of 253 bytes', `${label63}.${label63}.${label63}.${'b'.repeat(53)}.example`, undefined],
  ])('%s', async (_title, typed, taken = typed) => {
    await withStage(async (stage) => {
      const challenge = typed.startsWith('*.') ? ['--hook', 'true'] : ['--webroot', stage.webroot];
      const args = ['issue', typed, ...challenge, '--ca', stage.ca, '--dry-run', '--json'];
      const result = await stage.run(args);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(result.stdout)).toMatchObject({ certificate: { names: [taken] } });
      expect(stage.connections()).toBe(0);
    });
  });
});

function issue(stage: Stage, ...typed: string[]): string[] {
  return ['issue', ...typed, '--webroot', 'webroot', '--ca', stage.ca, '--state-dir', stage.stateDir];
}

async function file(name: string): Promise<string[]> {
  return Promise.resolve([name]);
}

async function write(stage: Stage, content: string | Buffer): Promise<string[]> {
  await writeFile(stage.file('request.csr'), content);
  return ['request.csr'];
}

async function make(stage: Stage, subject: string, names?: string): Promise<string[]> {
  const extension = names === undefined ? [] : ['-addext', `subjectAltName=${names}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
  const args = ['req', '-new', ...key, '-subj', subject, ...extension, '-out', 'request.csr'];
  execFileSync('openssl', args, { cwd: stage.directory, stdio: 'pipe' });
  return Promise.resolve(['request.csr']);
}

async function truncated(stage: Stage): Promise<string[]> {
  const der = await derOf(stage);
  return await write(stage, der.subarray(0, der.length - 10));
}

async function forged(stage: Stage): Promise<string[]> {
  const der = await derOf(stage);
  const place = der.indexOf('a.example');
  der.write('b', place);
  return await write(stage, der);
}

async function derOf(stage: Stage): Promise<Buffer> {
  await make(stage, '/', 'DNS:a.example');
  const pem = await readFile(path.join(stage.directory, 'request.csr'), 'utf8');
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}
