import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/settings/configuration-text.ts';
import { nearestWord } from '../../src/nearest-word.ts';
import { optionKeys } from '../../src/settings/option-table.ts';

const path = '/etc/acme-ledger/config.yaml';

describe('parseConfiguration', () => {
  it('reads every option', async () => {
    const layer = await parseConfiguration(
      path,
      `# all of them
stateDir: state
ledger: sqlite:ledger.sqlite
ca: letsencrypt-staging
caFile: ca.pem
email: admin@example.com
agreeTos: true
eabKid: kid-1
eabHmacKeyFile: eab.key
maxPending: 20
onUnsubmitted: resume
onFailedName: drop
suspendAfter: 5d
nameHook: ./told.sh
probeEvery: 2h
probeResolver: 192.0.2.53
probeDnsPort: 5353
probeHttpPort: 8080
probeTlsPort: 8443
json: false
verbose: 2
quiet: no
logFormat: json
logFile: log
log: yes
progress: false
rehearsalCa: google-staging
staging: no
fallbackCa: google
asOtherUser: false
maxNewNamesPerDomain: 50
`,
    );
    expect(Object.keys(layer).sort()).toEqual([...optionKeys].sort());
    expect(layer.maxPending).toEqual({
      value: 20,
      origin: {
        code: 'configuration',
        label: `${path}:10:13: maxPending`,
        baseDirectory: '/etc/acme-ledger',
      },
    });
    expect(layer.quiet?.value).toBe(false);
  });

  it.each(['', '# nothing\n', '---\n', '{}'])('takes a file without options: %j', async (text) => {
    expect(await parseConfiguration(path, text)).toEqual({});
  });

  it.each([
    ['an unknown option', 'ca: x\nmax-pending: 5\n', ':2:1:', 'max-pending', 'did you mean maxPending?'],
    ['an option with a slip', 'emial: a@example.com\n', ':1:1:', 'emial', 'did you mean email?'],
    ['an option like no other', '\n\nsomething: 1\n', ':3:1:', 'something', 'stateDir, ledger'],
    [
      'a wrong number',
      'maxPending: many\n',
      ':1:13:',
      'maxPending must be a whole number from 1 on, not "many"',
      '250',
    ],
    ['zero', 'maxPending: 0\n', ':1:13:', 'maxPending', '250'],
    ['a fraction', 'maxPending: 1.5\n', ':1:13:', 'maxPending', '250'],
    [
      'a wrong choice',
      'ca: x\nonUnsubmitted: keep\n',
      ':2:16:',
      'deactivate or resume, not "keep"',
      'deactivate',
    ],
    ['no duration or never', 'probeEvery: seldom\n', ':1:13:', 'a duration, or never, not "seldom"', '1h'],
    ['no port', 'probeTlsPort: 65536\n', ':1:15:', 'a port from 1 to 65535, not 65536', '443'],
    ['no address', 'probeResolver: dns.test\n', ':1:16:', 'ADDR[:PORT], not "dns.test"', '192.0.2.53'],
    ['no duration', 'suspendAfter: soon\n', ':1:15:', 'a duration, not "soon"', '10d'],
    ['a number for a duration', 'suspendAfter: 10\n', ':1:15:', 'not 10', '10 of what: 10s, 10m, 10h'],
    ['its text', 'probeEvery: "6"\n', ':1:13:', 'not "6"', '6 of what: 6s, 6m, 6h'],
    [
      'a limit for a time without unit',
      'limits:\n  google:\n    newOrders: 300/3\n',
      ':3:16:',
      'not "300/3"',
      '3 of what: 3s, 3m, 3h',
    ],
    ['a wrong boolean', 'agreeTos: maybe\n', ':1:11:', 'yes or no', 'yes'],
    ['a wrong address', 'email: admin\n', ':1:8:', 'e-mail', 'admin@example.com'],
    ['no value', 'ca: x\nemail:\n', ':2:7:', 'email', 'admin@example.com'],
    ['a list for a text', 'ca: [a, b]\n', ':1:5:', 'ca', 'letsencrypt'],
    ['an option given twice', 'ca: x\nca: y\n', ':2:1:', 'unique', 'quotes'],
    ['a tab', 'ca:\n\tx: 1\n', ':2:1:', 'Tabs', 'tabs'],
    ['an open bracket', 'ca: [x\n', ':2:1:', '', 'quotes'],
    ['a list', '- ca\n', ':1:1:', 'mapping', 'ca: letsencrypt'],
    ['a word', 'hello\n', ':1:1:', 'mapping', 'ca: letsencrypt'],
    ['two documents', 'ca: x\n---\nca: y\n', ':2:1:', 'multiple documents', ''],
    ['an unknown tag', 'ca: !!js/function x\n', ':1:5:', 'tag', ''],
    ['a prototype', '__proto__: x\n', ':1:1:', '__proto__', 'stateDir'],
    ['certificates that are no list', 'certificates:\n  a.test: x\n', ':2:3:', 'must be a list', '- names'],
    ['no certificates', 'ca: x\ncertificates:\n', ':2:1', 'must be a list', '[] wants none'],
    ['a word for a certificate', 'certificates: [a.test]\n', ':1:16:', 'mapping', '- names'],
    [
      'a field with a slip',
      'certificates:\n  - names: [a.test]\n    webrot: /w\n',
      ':3:13:',
      'no field "webrot"',
      'did you mean webroot?',
    ],
    [
      'a wrong field',
      'certificates: [{ names: [a.test], webroot: 5 }]\n',
      ':1:44:',
      'webroot must be text',
      'example',
    ],
    ['a certificate without names', 'certificates:\n  - webroot: /w\n', ':2:5:', 'no names', 'names'],
    ['an escape sequence', '"\\x1b[31m": x\n', ':1:1:', '\\x1b[31m', 'stateDir'],
  ])('says where and what for %s', async (_case, text, place, part, hint) => {
    const error: unknown = await parseConfiguration(path, text).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'configuration', hint: expect.stringContaining(hint) as string });
    expect((error as Error).message.startsWith(`${path}${place}`), (error as Error).message).toBe(true);
    expect((error as Error).message).toContain(part);
    expect((error as Error).message).not.toContain('\n');
  });

  it('never repeats a ledger URL', async () => {
    const error: unknown = await parseConfiguration(path, 'ledger: [postgres://me:secret@host/db]').catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'configuration' });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });

  it('refuses aliases that multiply', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
    );
    await expect(parseConfiguration(path, `l0: &l0 [x]\n${levels.join('\n')}`)).rejects.toMatchObject({
      code: 'configuration',
    });
  });

  it('gives options or a configuration error for any text', async () => {
    const piece = fc.constantFrom(
      'ca',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      '{',
      '"',
      '&a',
      '*a',
      '!!x',
      '%',
      '\t',
      'maxPending: 3',
      '\0',
      '|',
      '? ',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 12 }),
        async (pieces) => {
          const error: unknown = await parseConfiguration(path, pieces.join('')).then(
            () => null,
            (reason: unknown) => reason,
          );
          if (error !== null) expect(error).toMatchObject({ code: 'configuration' });
        },
      ),
    );
  });
});

describe('nearestWord', () => {
  it.each([
    ['statedir', 'stateDir'],
    ['state-dir', 'stateDir'],
    ['state_dir', 'stateDir'],
    ['on-unsubmited', 'onUnsubmitted'],
    ['eabHmacKey', 'eabHmacKeyFile'],
    ['zzz', null],
    ['', null],
  ])('of %j is %j', (word, expected) => {
    expect(nearestWord(word, optionKeys)).toBe(expected);
  });
});

it('a wildcard without quotes is reported at its place, with what to write', async () => {
  const text = 'ca: letsencrypt\ncertificates:\n  - names: [a.example, *.a.example]\n';
  await expect(parseConfiguration(path, text)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(/:3:24: \*\.a\.example is a reference/) as string,
    hint: 'quote it: "*.a.example"',
  });
});
