import fc from 'fast-check';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Flags } from '../../src/settings/layer.ts';
import { variableOf } from '../../src/settings/option-table.ts';
import { readSettings, type Settings } from '../../src/settings/settings.ts';

const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'acme-ledger-settings-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function read(flags: Flags = {}, environment: NodeJS.ProcessEnv = {}, isRoot = false): Promise<Settings> {
  return readSettings(flags, environment, { cwd, isRoot, home: join(cwd, 'home') });
}

async function write(file: string, content: string, mode = 0o600): Promise<string> {
  const path = join(cwd, file);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

async function failure(work: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> {
  return work.then(
    () => new Error('it succeeded'),
    (error: unknown) => error as Error,
  );
}

describe('readSettings', () => {
  it('has a default for everything, and writes nothing', async () => {
    expect(await read()).toMatchObject({
      configurationFile: null,
      stateDir: join(cwd, 'home/.local/state/acme-ledger'),
      ledgerUrl: `sqlite:${join(cwd, 'home/.local/state/acme-ledger/ledger.sqlite')}`,
      ca: 'letsencrypt',
      caPem: null,
      email: null,
      agreeTos: false,
      eab: null,
      maxPending: null,
      onUnsubmitted: null,
      probe: { everyMs: 3_600_000, view: { resolver: null, dnsPort: 53, httpPort: 80, tlsPort: 443 } },
      json: false,
      verbosity: 0,
      logFormat: 'pretty',
      logFile: null,
      progress: true,
    });
    expect(await readdir(cwd)).toEqual([]);
  });

  it('refuses a fallback that there is not before it is needed, and says where it stands', async () => {
    const file = await write('acme-ledger.yaml', 'fallbackCa: zerosssl\n');
    const { code, message } = await failure(read());
    expect([code, message]).toEqual([
      'configuration',
      `${file}:1:13: fallbackCa can't be used: "zerosssl" isn't a CA that is built in`,
    ]);
  });

  it('takes where and how often names are probed', async () => {
    const flags = {
      probeEvery: 'never',
      probeResolver: '192.0.2.53',
      probeDnsPort: '5353',
      probeHttpPort: '8080',
      probeTlsPort: '8443',
    };
    expect((await read(flags)).probe).toEqual({
      everyMs: null,
      view: { resolver: '192.0.2.53:53', dnsPort: 5353, httpPort: 8080, tlsPort: 8443 },
    });
    expect((await read({}, { ACME_LEDGER_PROBE_EVERY: '2h' })).probe.everyMs).toBe(7_200_000);
  });

  it.each([
    ['root', {}, true, '/var/lib/acme-ledger'],
    ['XDG_STATE_HOME', { XDG_STATE_HOME: '/xdg' }, false, '/xdg/acme-ledger'],
    ['root, whatever XDG_STATE_HOME says', { XDG_STATE_HOME: '/xdg' }, true, '/var/lib/acme-ledger'],
  ])('finds the state directory of %s', async (_case, environment, isRoot, expected) => {
    expect((await read({}, environment, isRoot)).stateDir).toBe(expected);
  });

  it('ignores a relative XDG_STATE_HOME, as its specification asks', async () => {
    expect((await read({}, { XDG_STATE_HOME: 'xdg' })).stateDir).toBe(
      join(cwd, 'home/.local/state/acme-ledger'),
    );
  });

  it('lets a flag go before its variable, that before the file, that before the default', async () => {
    const level = fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(level, level, level, async (flag, variable, inFile) => {
        await write('acme-ledger.yaml', inFile === undefined ? '' : `maxPending: ${inFile}`);
        const settings = await read(
          { maxPending: flag?.toString() },
          { ACME_LEDGER_MAX_PENDING: variable?.toString() },
        );
        expect(settings.maxPending).toBe(flag ?? variable ?? inFile ?? null);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['ledger', 'ACME_LEDGER_URL'],
    ['stateDir', 'ACME_LEDGER_STATE_DIR'],
    ['eabHmacKeyFile', 'ACME_LEDGER_EAB_HMAC_KEY_FILE'],
    ['progress', 'ACME_LEDGER_NO_PROGRESS'],
  ] as const)('knows %s as %s', (key, variable) => {
    expect(variableOf(key)).toBe(variable);
  });

  it.each([
    ['yes', true],
    ['TRUE', true],
    ['1', true],
    ['no', false],
    ['0', false],
    ['false', false],
    ['', false],
  ])('reads the variable %j as %s', async (text, expected) => {
    expect((await read({}, { ACME_LEDGER_AGREE_TOS: text })).agreeTos).toBe(expected);
    expect((await read({}, { ACME_LEDGER_NO_PROGRESS: text })).progress).toBe(!expected);
  });

  it("takes commander's defaults for not given", async () => {
    await write('acme-ledger.yaml', 'progress: false\njson: yes\nverbose: 2\n');
    expect(await read({ progress: true, json: false, verbose: 0 })).toMatchObject({
      progress: false,
      json: true,
      verbosity: 2,
    });
    expect(await read({ progress: false })).toMatchObject({ progress: false });
  });

  it.each([
    [{ verbose: 2 }, {}, 2],
    [{ quiet: true }, {}, -1],
    [{ quiet: true }, { ACME_LEDGER_VERBOSE: '2' }, -1],
    [{ verbose: 1 }, { ACME_LEDGER_QUIET: '1' }, 1],
    [{}, { ACME_LEDGER_QUIET: '1' }, -1],
  ])('makes of %j and %j the verbosity %i', async (flags, environment, expected) => {
    expect((await read(flags, environment)).verbosity).toBe(expected);
  });

  it.each([
    ['-v with -q', { verbose: 1, quiet: true }, {}, '--quiet contradicts --verbose'],
    ['a word for a number', { maxPending: 'many' }, {}, '--max-pending must be'],
    ['zero', { maxPending: '0' }, {}, '--max-pending must be'],
    ['a negative number', { maxPending: '-3' }, {}, '--max-pending must be'],
    ['a number in hexadecimal', { maxPending: '0x10' }, {}, '--max-pending must be'],
    ['a number beyond all', { maxPending: '9'.repeat(30) }, {}, '--max-pending must be'],
    ['a wrong variable', {}, { ACME_LEDGER_MAX_PENDING: 'many' }, 'ACME_LEDGER_MAX_PENDING must be'],
    ['a wrong boolean', {}, { ACME_LEDGER_AGREE_TOS: 'maybe' }, 'ACME_LEDGER_AGREE_TOS must be'],
    ['a number for a duration', { suspendAfter: '10' }, {}, '--suspend-after must be a duration, not "10"'],
    ['one in a variable', {}, { ACME_LEDGER_PROBE_EVERY: '6' }, 'ACME_LEDGER_PROBE_EVERY must be a duration'],
    ['a wrong choice', { onUnsubmitted: 'keep' }, {}, '--on-unsubmitted must be deactivate or resume'],
    ['a wrong log format', { logFormat: 'xml' }, {}, '--log-format must be'],
    ['a wrong address', { email: 'mailto:a@example.com' }, {}, '--email must be'],
    ['an empty state directory', { stateDir: '' }, {}, '--state-dir must be'],
    ['an empty CA', { ca: '' }, {}, '--ca must be'],
    ['an empty configuration', { config: '' }, {}, '--config'],
    ['an EAB key identifier alone', { eabKid: 'kid' }, {}, '--eab-kid is given without'],
    ['an EAB key alone', { eabHmacKeyFile: 'f' }, {}, '--eab-hmac-key-file is given without'],
    ['a ledger without scheme', { ledger: '/x.db' }, {}, '--ledger has no scheme'],
    ['a ledger of another kind', { ledger: 'mysql://u:secret@h/d' }, {}, 'unknown scheme "mysql"'],
    ['a ledger without file', { ledger: 'sqlite:' }, {}, 'names no file'],
    ['a ledger in memory', { ledger: 'sqlite::memory:' }, {}, 'memory'],
    ['a ledger on a host', { ledger: 'sqlite://ledger' }, {}, 'two slashes'],
    ['a PostgreSQL ledger', { ledger: 'postgres://me:secret@host/db' }, {}, 'PostgreSQL'],
    [
      'a PostgreSQL ledger in the environment',
      {},
      { ACME_LEDGER_URL: 'postgresql://me:secret@h/d' },
      'ACME_LEDGER_URL names a PostgreSQL',
    ],
  ])('refuses %s', async (_case, flags, environment, part) => {
    const error = await failure(read(flags, environment));
    expect(error).toMatchObject({ code: 'usage' });
    expect(error.hint).not.toBe('');
    expect(error.message).toContain(part);
    expect(`${error.message}${error.hint ?? ''}`).not.toContain('secret');
    expect(await readdir(cwd)).toEqual([]);
  });

  it.each([
    ['sqlite:ledger.db', 'ledger.db'],
    ['sqlite:./a/../ledger.db', 'ledger.db'],
    ['sqlite:///abs/ledger.db', '/abs/ledger.db'],
    ['sqlite:/abs/ledger.db', '/abs/ledger.db'],
  ])('makes the path of %s absolute', async (ledger, expected) => {
    const path = expected.startsWith('/') ? expected : join(cwd, expected);
    expect((await read({ ledger })).ledgerUrl).toBe(`sqlite:${path}`);
  });
});

describe('the configuration file', () => {
  it('is looked for in the working directory, then in XDG_CONFIG_HOME', async () => {
    await mkdir(join(cwd, 'xdg/acme-ledger'), { recursive: true });
    await write('xdg/acme-ledger/config.yaml', 'ca: of-xdg');
    const environment = { XDG_CONFIG_HOME: join(cwd, 'xdg') };
    expect(await read({}, environment)).toMatchObject({
      ca: 'of-xdg',
      configurationFile: join(cwd, 'xdg/acme-ledger/config.yaml'),
    });
    await write('acme-ledger.yaml', 'ca: of-cwd');
    expect(await read({}, environment)).toMatchObject({ ca: 'of-cwd' });
  });

  it('is looked for in ~/.config where XDG_CONFIG_HOME is not set', async () => {
    await mkdir(join(cwd, 'home/.config/acme-ledger'), { recursive: true });
    await write('home/.config/acme-ledger/config.yaml', 'ca: of-home');
    expect(await read()).toMatchObject({ ca: 'of-home' });
  });

  it('is the one of --config or ACME_LEDGER_CONFIG alone', async () => {
    await write('acme-ledger.yaml', 'ca: of-cwd');
    await write('other.yaml', 'ca: of-flag');
    expect(await read({ config: 'other.yaml' })).toMatchObject({ ca: 'of-flag' });
    expect(await read({}, { ACME_LEDGER_CONFIG: 'other.yaml' })).toMatchObject({ ca: 'of-flag' });
  });

  it('has paths relative to itself', async () => {
    await mkdir(join(cwd, 'etc'));
    await write('etc/c.yaml', 'stateDir: state\nledger: sqlite:l.db\nlogFile: log');
    expect(await read({ config: 'etc/c.yaml' })).toMatchObject({
      stateDir: join(cwd, 'etc/state'),
      ledgerUrl: `sqlite:${join(cwd, 'etc/l.db')}`,
      logFile: join(cwd, 'etc/log'),
    });
  });

  it.each([
    ['is missing', async () => undefined, "doesn't exist"],
    ['is a directory', () => mkdir(join(cwd, 'c.yaml')), 'regular file'],
    ["isn't UTF-8", () => writeFile(join(cwd, 'c.yaml'), Buffer.from([0x63, 0xff])), 'UTF-8'],
    ['is huge', () => writeFile(join(cwd, 'c.yaml'), '#'.repeat(2 ** 22 + 1)), 'larger'],
  ])('is refused when it %s', async (_case, prepare, part) => {
    await prepare();
    const error = await failure(read({ config: 'c.yaml' }));
    expect(error).toMatchObject({ code: 'configuration' });
    expect(error.message).toContain(part);
    expect(error.message).toContain(join(cwd, 'c.yaml'));
  });

  it.each([
    ['a PostgreSQL ledger', 'ca: x\nledger: postgres://me:secret@h/d\n', ':2:9: ledger'],
    ['an EAB key identifier alone', 'eabKid: x\n', ':1:9: eabKid'],
    ['verbose and quiet', 'quiet: yes\nverbose: 1\n', ':1:8: quiet'],
  ])('is named with line and column for %s', async (_case, text, place) => {
    const path = await write('acme-ledger.yaml', text);
    const error = await failure(read());
    expect(error).toMatchObject({ code: 'configuration' });
    expect(error.message).toContain(`${path}${place}`);
    expect(error.message).not.toContain('secret');
  });
});

describe('files that options name', () => {
  it('reads the EAB key in base64url, and in base64 as some CAs show it', async () => {
    await write('url.key', `${hmacKey}\n`);
    await write('plain.key', 'aB+/aB+/aB+/aB+/aA==\n');
    expect((await read({ eabKid: 'kid', eabHmacKeyFile: 'url.key' })).eab).toEqual({ kid: 'kid', hmacKey });
    expect((await read({ eabKid: 'kid', eabHmacKeyFile: 'plain.key' })).eab?.hmacKey).toBe(
      'aB-_aB-_aB-_aB-_aA',
    );
  });

  it.each([
    ['open to others', `${hmacKey}\n`, 0o644, 'bad-file', 'open to other users'],
    ['not a key', `${hmacKey} and more`, 0o600, 'bad-file', "doesn't hold"],
    ['empty', '', 0o600, 'bad-file', 'empty'],
  ])('refuses an EAB key file that is %s, without its content', async (_case, content, mode, code, part) => {
    await write('eab.key', content, mode);
    const error = await failure(read({ eabKid: 'kid', eabHmacKeyFile: 'eab.key' }));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(part);
    expect(`${error.message}${error.hint ?? ''}`).not.toContain(hmacKey);
  });

  it('does not repeat a key that was given in place of its file', async () => {
    const error = await failure(read({ eabKid: 'kid', eabHmacKeyFile: hmacKey }));
    expect(error).toMatchObject({ code: 'usage' });
    expect(`${error.message}${error.hint ?? ''}`).not.toContain(hmacKey);
  });

  it('refuses a CA file without a certificate', async () => {
    await write('ca.pem', 'hello');
    await expect(read({ caFile: 'ca.pem' })).rejects.toMatchObject({ code: 'bad-file' });
    await expect(read({ caFile: 'missing.pem' })).rejects.toMatchObject({ code: 'bad-file' });
  });
});
