import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import zlib, { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FoundUrl, urlsInLogs } from '../../../src/clients/logs/urls-in-logs.ts';
import { type LogSample, protectedHeader, samples } from '../log-samples.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-logs-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const everything = samples.map(({ text }) => text).join('\n');

describe('URLs in the logs of', () => {
  it.each(samples)('$title', async (sample) => {
    const found = await inText(sample.text);
    expect(sorted(found)).toEqual(expected(sample));
    expect(new Set(found.map(({ client }) => client))).toEqual(
      new Set(found.length > 0 ? [sample.client] : []),
    );
  });
});

describe('logs', () => {
  it('give each URL once, whatever was packed and however often it is there', async () => {
    const text = Buffer.from(everything);
    const half = text.length >> 1;
    const files = {
      'a.log': text,
      'no-name-of-gzip': gzipSync(text),
      // As `cat a.gz b.gz` makes it.
      'two.members': Buffer.concat([gzipSync(text.subarray(0, half)), gzipSync(text.subarray(half))]),
      'powershell.log': Buffer.from(`\ufeff${everything}`, 'utf16le'),
      'big-endian.log': Buffer.from(`\ufeff${everything}`, 'utf16le').swap16(),
    };
    const names: string[] = [];
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(directory, name);
      await writeFile(file, content);
      names.push(file);
      expect(sorted(await inFiles([file])), name).toEqual(allExpected());
    }
    const together = await inFiles([...names, ...names]);
    expect(sorted(together)).toEqual(allExpected());
    expect(new Set(together.map(({ file }) => file))).toEqual(new Set([path.join(directory, 'a.log')]));
  });

  it('are told to be unreadable before anything of the first one is given', async () => {
    const good = path.join(directory, 'good.log');
    await writeFile(good, everything);
    const packed = path.join(directory, 'packed.log');
    await writeFile(packed, Buffer.from('fd377a585a000004', 'hex'));
    for (const [bad, message] of [
      [path.join(directory, 'missing.log'), /ENOENT/],
      [directory, /is a directory/],
      [packed, /compressed with xz/],
    ] as const) {
      const iterator = urlsInLogs([good, bad], { signal: new AbortController().signal });
      await expect(iterator.next()).rejects.toMatchObject({
        code: 'bad-file',
        message: expect.stringMatching(message) as string,
      });
    }
  });

  it.each([
    [
      'a gzip that ends too soon',
      gzipSync(everything).subarray(0, 300),
      /can't be read: unexpected end of file/,
    ],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /compressed with xz/],
    ['bzip2', Buffer.from('BZh91AY&SY', 'latin1'), /compressed with bzip2/],
    ['the journal of systemd', Buffer.from('LPKSHHRH-----', 'latin1'), /journal of systemd/],
  ])('say what is wrong with %s', async (_title, content, message) => {
    const file = path.join(directory, 'bad.log');
    await writeFile(file, content);
    await expect(inFiles([file])).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringMatching(message) as string,
    });
  });

  it('are read through zstd where Node can, and else say that they have to be decompressed', async () => {
    const file = path.join(directory, 'packed.log');
    // What `zstd` makes of one line.
    const frame =
      '28b52ffd045801010068747470733a2f2f63612e6578616d706c652f61636d652f617574687a2f310a4788ad69';
    await writeFile(file, Buffer.from(frame, 'hex'));
    if ('createZstdDecompress' in zlib) {
      expect(sorted(await inFiles([file]))).toEqual(['authorization https://ca.example/acme/authz/1']);
    } else {
      const error = { code: 'bad-file', hint: expect.stringContaining(`zstdcat ${file} |`) as string };
      await expect(inFiles([file])).rejects.toMatchObject(error);
    }
  });

  it('count what was read of them as it is on disk', async () => {
    const file = path.join(directory, 'counted.log');
    const content = gzipSync(everything.repeat(100));
    await writeFile(file, content);
    let bytes = 0;
    for await (const found of urlsInLogs([file], {
      signal: new AbortController().signal,
      onBytes: (more) => (bytes += more),
    })) {
      expect(found.file).toBe(file);
    }
    expect(bytes).toBe(content.length);
  });

  it('are left as soon as somebody interrupts, also while standard input says nothing', async () => {
    const interruption = new AbortController();
    const silent = new Readable({ read: () => undefined });
    silent.push('https://ca.example/acme/authz/1');
    setTimeout(() => interruption.abort(new Error('enough')), 20);
    await expect(
      collected(urlsInLogs(['-'], { signal: interruption.signal, stdin: silent })),
    ).rejects.toThrow('enough');
  });
});

describe('the pieces that a log is read in', () => {
  it('hide nothing where they meet, wherever that is', async () => {
    const text = Buffer.from(everything);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(text.length), { maxLength: 20 }), async (places) => {
        const ends = [...places.sort((a, b) => a - b), text.length];
        const pieces = ends.map((end, index) => text.subarray(ends[index - 1] ?? 0, end));
        expect(sorted(await inPieces(pieces.filter(({ length }) => length > 0)))).toEqual(allExpected());
      }),
      { numRuns: 30 },
    );
  });

  it('hide nothing where windows meet, in lines of 10 MB, and take no more memory for it', async () => {
    const url = (n: number): string => `https://ca.example/acme/authz/77/${n}`;
    const written: string[] = [];
    const pieces: string[] = [];
    // Each place in a window of 64 kB and beyond gets its URL, as the lengths between them are never the same twice.
    for (let n = 0, length = 0; length < 10e6; n++) {
      const header = n % 2 === 0 ? url(n) : protectedHeader(url(n));
      pieces.push('x'.repeat(n % 4099), '"', header, '"');
      length += (n % 4099) + header.length + 2;
      written.push(url(n));
    }
    const before = process.memoryUsage().rss;
    const found = await inPieces([Buffer.from(pieces.join(''))]);
    expect(found.map((one) => one.url)).toEqual(written);
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  });
});

describe('rubbish', () => {
  const fragment = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom(
        'http',
        'https://',
        'eyJ',
        '/authz/',
        '/order/',
        '%2F',
        '\\u002f',
        '\\/',
        ':443 "POST ',
        '\u001b[31m',
        '1',
        '@',
        '[::1]',
        '\ufeff',
        'ca.example',
        '169.254.169.254',
      )
      .map((text) => Buffer.from(text)),
  );

  it('gives nothing but absolute URLs of bounded length without credentials, and hides no URL after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fragment, { maxLength: 60 }), async (fragments) => {
        const rubbish = Buffer.concat([
          Buffer.from('. '),
          ...fragments,
          Buffer.from('\nhttps://ca.example/acme/authz/last '),
        ]);
        const found = await inPieces([rubbish]);
        expect(found.map(({ url }) => url)).toContain('https://ca.example/acme/authz/last');
        for (const { url } of found) {
          const parsed = new URL(url);
          expect(parsed.href).toBe(url);
          expect(['http:', 'https:']).toContain(parsed.protocol);
          expect(parsed.username + parsed.password + parsed.search + parsed.hash).toBe('');
          expect(url.length).toBeLessThanOrEqual(2048);
        }
      }),
      { numRuns: 200 },
    );
  });

  const encoded = `.eyJ${Buffer.from('http://a/b/authz/').toString('base64url').repeat(700)}`;
  const units = [
    'authz/',
    'http://a/',
    'eyJ',
    '/authz/',
    'https://a/authz/',
    '\\',
    '%2F',
    'http://a/b.c/',
    'a',
    '\n',
  ];
  units.push('http /authz/', 'https://a/%252', 'https://a.', '\nhttps://a/authz/1/finalize', encoded);

  it.each(units.map((unit) => [JSON.stringify(unit.slice(0, 30)), unit] as const))(
    'made of 2 MB of %s is read in a moment',
    async (_shown, unit) => {
      const startedAt = performance.now();
      await inPieces([Buffer.from(unit.repeat(2e6 / unit.length))]);
      expect(performance.now() - startedAt).toBeLessThan(20_000);
    },
  );
});

function inText(text: string): Promise<FoundUrl[]> {
  return inPieces([Buffer.from(text)]);
}

function inPieces(pieces: Buffer[]): Promise<FoundUrl[]> {
  return collected(
    urlsInLogs(['-'], {
      signal: new AbortController().signal,
      stdin: Readable.from(pieces, { objectMode: false }),
    }),
  );
}

function inFiles(files: string[]): Promise<FoundUrl[]> {
  return collected(urlsInLogs(files, { signal: new AbortController().signal }));
}

async function collected(urls: AsyncIterable<FoundUrl>): Promise<FoundUrl[]> {
  const all: FoundUrl[] = [];
  for await (const one of urls) all.push(one);
  return all;
}

function sorted(found: FoundUrl[]): string[] {
  return found.map(({ resource, url }) => `${resource} ${url}`).sort();
}

function expected({ authorizations = [], orders = [], challenges = [] }: LogSample): string[] {
  return [
    ...authorizations.map((url) => `authorization ${url}`),
    ...orders.map((url) => `order ${url}`),
    ...challenges.map((url) => `challenge ${url}`),
  ].sort();
}

function allExpected(): string[] {
  return [...new Set(samples.flatMap(expected))].sort();
}
