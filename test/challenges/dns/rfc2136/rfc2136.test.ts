import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { dnsRecordValue } from '../../../../src/challenges/answer-values.ts';
import { createSolver } from '../../../../src/challenges/create-solver.ts';
import type { SolverOptions } from '../../../../src/challenges/option-list.ts';
import { settingsFromOptions } from '../../../../src/challenges/settings-from-options.ts';
import type { Solver } from '../../../../src/challenges/solver.ts';
import { systemClock } from '../../../../src/clock.ts';
import { AcmeLedgerError } from '../../../../src/errors.ts';
import { answerFor, never } from '../../answers.ts';
import { DnsServer } from '../../dns-server.ts';
import { type BindServer, startBindServer } from '../bind-server.ts';

let bind: BindServer;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-tsig-'));
  bind = await startBindServer([
    {
      name: 'example.test',
      records: [
        '_acme-challenge.led CNAME led.validation.test.',
        '_acme-challenge.far CNAME far.elsewhere.test.',
        '*.shop CNAME shops.validation.test.',
        'shop A 127.0.0.1',
        '_acme-challenge.own NS ns1.own',
        'ns1.own A 127.0.0.1',
      ],
    },
    { name: 'validation.test' },
    { name: '_acme-challenge.own.example.test' },
    { name: 'closed.test', updates: 'update-policy { grant acme-key name other.closed.test. TXT; };' },
  ]);
});
afterAll(async () => {
  await bind.stop();
  await rm(directory, { recursive: true });
});

function solverWith(options: SolverOptions = {}): Solver {
  const usual = { dnsServer: bind.address, tsigKeyFile: bind.keyFile, resolver: bind.address };
  const settings = settingsFromOptions({ ...usual, propagationTimeout: '20s', ...options }, '/');
  return createSolver(settings, { clock: systemClock });
}

async function secretFile(text: string): Promise<string> {
  const file = path.join(directory, `key-${String(Math.random()).slice(2)}`);
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

async function refusalOf(domain: string, options: SolverOptions = {}): Promise<AcmeLedgerError> {
  const error: unknown = await solverWith(options)
    .present(answerFor('dns-01', domain), never)
    .catch((thrown: unknown) => thrown);
  if (error instanceof AcmeLedgerError) return error;
  throw new Error('it was not refused', { cause: error });
}

describe('a record is written where a CA looks for it', () => {
  it.each([
    ['in the zone of its own name', 'www.example.test', '_acme-challenge.www.example.test'],
    ['at the end of an alias into another zone', 'led.example.test', 'led.validation.test'],
    ['in a zone of its own', 'own.example.test', '_acme-challenge.own.example.test'],
    [
      'in the place of an alias that a wildcard makes',
      'a.shop.example.test',
      '_acme-challenge.a.shop.example.test',
    ],
  ])('%s', async (_where, domain, place) => {
    const answer = answerFor('dns-01', domain);
    await solverWith().present(answer, never);
    expect(await bind.values(place)).toEqual([dnsRecordValue(answer)]);
    await solverWith().waitUntilVisible(answer, never);
    await solverWith().cleanUp(answer, never);
    expect(await bind.values(place)).toEqual([]);
  });
});

describe('a record behind an alias that nobody tells at the take-down', () => {
  const answer = answerFor('dns-01', 'there.elsewhere.test');
  const place = 'there.validation.test';

  it('is taken down where this process put it', async () => {
    await withResolver(async (resolver, options) => {
      const solver = solverWith(options);
      await solver.present(answer, never);
      expect(await bind.values(place)).toEqual([dnsRecordValue(answer)]);
      resolver.rcode = 2;
      await solver.cleanUp(answer, never);
      expect(await bind.values(place)).toEqual([]);
    });
  });

  it('stays, and another process’s clean-up fails until the alias is told', async () => {
    await withResolver(async (resolver, options) => {
      await solverWith(options).present(answer, never);
      resolver.rcode = 2;
      await expect(solverWith(options).cleanUp(answer, never)).rejects.toMatchObject({
        code: 'solver',
        message: expect.stringMatching(
          /^no name server says whether _acme-challenge\.there\.elsewhere\.test is an alias: /,
        ) as string,
      });
      expect(await bind.values(place)).toEqual([dnsRecordValue(answer)]);
      resolver.rcode = 0;
      await solverWith(options).cleanUp(answer, never);
      expect(await bind.values(place)).toEqual([]);
    });
  });

  it('was not written where the server has no zone for it, and so is down', async () => {
    await withResolver(async (resolver, options) => {
      resolver.rcode = 2;
      const solver = solverWith(options);
      await expect(solver.present(answer, never)).rejects.toThrow('has no zone for');
      await solver.cleanUp(answer, never);
    });
  });
});

/** A resolver beside the server, which knows of an alias into the server's zone. */
async function withResolver(
  act: (resolver: DnsServer, options: SolverOptions) => Promise<void>,
): Promise<void> {
  const resolver = await DnsServer.start();
  resolver.add('CNAME', '_acme-challenge.there.elsewhere.test', 'there.validation.test');
  try {
    await act(resolver, { resolver: resolver.address });
  } finally {
    await resolver.stop();
  }
}

test('one question tells zone and alias', async () => {
  const server = await DnsServer.start();
  const refusal = await refusalOf('www.nowhere.test', {
    dnsServer: server.address,
    resolver: server.address,
  });
  await server.stop();
  expect(refusal.message).toContain('has no zone for _acme-challenge.www.nowhere.test');
  expect(server.questions.filter((question) => question.startsWith('6 '))).toHaveLength(2);
});

const secret = (text: string): string => Buffer.from(text.padEnd(32, '.')).toString('base64');

describe('a refusal says what is wrong, and what to do', () => {
  it('for a name that the server has no zone for', async () => {
    const { message, hint } = await refusalOf('www.example.org');
    expect(message).toBe(`the name server ${bind.address} has no zone for _acme-challenge.www.example.org`);
    expect(hint).toContain('nothing was written');
  });

  it('for a name that leads to a zone of somebody else', async () => {
    const { message } = await refusalOf('far.example.test');
    expect(message).toContain(
      'has no zone for far.elsewhere.test, which _acme-challenge.far.example.test is an alias of',
    );
  });

  it('for a key that the server does not know', async () => {
    const { message, hint } = await refusalOf('www.example.test', { tsigName: 'other-key' });
    expect(message).toBe(`the name server ${bind.address} doesn't know the TSIG key other-key (BADKEY)`);
    expect(hint).toContain(bind.keyFile);
  });

  it('for another secret, which is told nowhere', async () => {
    const tsigKeyFile = await secretFile(secret('another secret'));
    const { message, hint } = await refusalOf('www.example.test', { tsigKeyFile, tsigName: bind.key.name });
    expect(message).toBe(
      `the name server ${bind.address} has another secret for the TSIG key acme-key (BADSIG)`,
    );
    expect(`${message}${hint ?? ''}`).not.toContain(secret('another secret'));
  });

  it('for an update that is not signed', async () => {
    const { message, hint } = await refusalOf('www.example.test', { tsigKeyFile: '' });
    expect(message).toContain(
      'refuses updates of _acme-challenge.www.example.test that no key signs (REFUSED)',
    );
    expect(hint).toContain('--tsig-key-file');
  });

  it('for a record that the key may not edit', async () => {
    const { message, hint } = await refusalOf('www.closed.test');
    expect(message).toContain(
      'refuses updates of _acme-challenge.www.closed.test by the TSIG key acme-key (REFUSED)',
    );
    expect(hint).toContain('grant acme-key name _acme-challenge.www.closed.test. TXT;');
  });

  it('for a server that is not there', async () => {
    const { message, hint } = await refusalOf('www.example.test', { dnsServer: '127.0.0.1:1' });
    expect(message).toContain("the name server 127.0.0.1:1 doesn't answer");
    expect(hint).toContain('dig @127.0.0.1 -p 1 SOA _acme-challenge.www.example.test');
  });

  it('for a machine without nsupdate', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = directory;
    try {
      const { message, hint } = await refusalOf('www.example.test');
      expect(message).toBe("nsupdate isn't installed, and rfc2136 needs it");
      expect(hint).toContain('apt-get install bind9-dnsutils');
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  it('for a key that others may read', async () => {
    const file = await secretFile(secret('a secret'));
    await chmod(file, 0o640);
    expect(() => solverWith({ tsigKeyFile: file })).toThrow(
      `--tsig-key-file ${file} is open to other users (mode 0640)`,
    );
  });
});

describe('a key file', () => {
  const text = (): string => bind.key.secret;
  it.each([
    [
      'of BIND, among other keys',
      () =>
        `key other { algorithm hmac-md5; secret "AAAAAAAAAAA="; };\nkey "acme-key" { # ours\n  algorithm "HMAC-SHA256"; secret "${text()}"; };`,
      { tsigName: 'acme-key' },
    ],
    ['with the secret alone', () => `${text()}\n`, { tsigName: 'acme-key' }],
    ['as dig takes it', () => `# made by hand\nhmac-sha256:acme-key:${text()}\n`, {}],
    [
      'of certbot',
      () =>
        `dns_rfc2136_server = 127.0.0.1\ndns_rfc2136_name = acme-key.\ndns_rfc2136_secret = ${text()}\ndns_rfc2136_algorithm = HMAC-SHA256\n`,
      {},
    ],
  ] as const)('%s is read', async (_form, content, options) => {
    const answer = answerFor('dns-01', 'key.example.test');
    const solver = solverWith({ ...options, tsigKeyFile: await secretFile(content()) });
    await solver.present(answer, never);
    await solver.cleanUp(answer, never);
  });

  it.each([
    ['', 'is empty'],
    ['not-a-key\n', 'has no TSIG secret in base64'],
    ['AAAAAAAAAAAAAAAA\n', "doesn't say the name of its TSIG key"],
    ['key a { algorithm hmac-sha3; secret "AAAAAAAAAAA="; };', 'names a TSIG algorithm that nobody knows'],
  ])('with %j is refused', async (content, fault) => {
    const { code, message } = await refusalOf('www.example.test', { tsigKeyFile: await secretFile(content) });
    expect(code).toBe('bad-file');
    expect(message).toContain(fault);
  });
});
