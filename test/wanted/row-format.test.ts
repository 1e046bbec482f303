import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorRecord } from '../../src/errors.ts';
import { rowsOf } from '../../src/wanted/row-format.ts';
import { linesOf } from '../../src/wanted/row-lines.ts';

type Read = Record<string, unknown> | { error: string };

/** Each row by its line; the bytes come in pieces of `size`. */
async function rowsIn(text: string | Buffer, size = 7): Promise<Record<number, Read>> {
  const bytes = Buffer.from(text);
  const chunks = (async function* () {
    for (let begin = 0; begin < bytes.length; begin += size) yield bytes.subarray(begin, begin + size);
  })();
  const found: Record<number, Read> = {};
  for await (const { line, read } of await rowsOf(linesOf(chunks), 'list')) {
    try {
      found[line] = read();
    } catch (error) {
      found[line] = { error: errorRecord(error).message };
    }
  }
  return found;
}

describe('rows of CSV', () => {
  it('have quotes, a byte order mark, CR LF, blanks around and empty lines between them', async () => {
    const text =
      '\ufeffname, names ,deployHook\r\n\r\na,"a.test b.test","say ""hi"", you"\r\n , c.test ,\r\n\n"",d.test,x';
    expect(await rowsIn(text)).toEqual({
      3: { name: 'a', names: 'a.test b.test', deployHook: 'say "hi", you' },
      4: { name: null, names: 'c.test', deployHook: null },
      6: { name: null, names: 'd.test', deployHook: 'x' },
    });
  });

  it('have commas between the columns: another separator is named', async () => {
    await expect(rowsIn('name;names\na;a.test')).rejects.toThrow(/separated by ";"/);
    await expect(rowsIn('name\tnames\na\ta.test')).rejects.toThrow(/separated by tabs/);
  });

  it('say nothing where a database wrote that there is nothing', async () => {
    const rows = await rowsIn('name,names,profile,deployHook\nNULL,a.test,\\N,null');
    expect(rows).toEqual({ 2: { name: null, names: 'a.test', profile: null, deployHook: 'null' } });
  });

  it('are each a line: a bad one spoils no other', async () => {
    const text = 'name,names\na,"open\nb,b.test\nc,c "quoted" c\nd,"d"e\ne,e.test,more\nf\ng,"g.test"';
    const rows = await rowsIn(text);
    expect(rows[3]).toEqual({ name: 'b', names: 'b.test' });
    expect(rows[8]).toEqual({ name: 'g', names: 'g.test' });
    for (const line of [2, 4, 5])
      expect(rows[line]).toEqual({ error: expect.stringContaining('quote') as string });
    expect(rows[6]).toEqual({ error: 'it has 3 fields, and the header has 2' });
    expect(rows[7]).toEqual({ error: 'it has 1 fields, and the header has 2' });
  });

  it('read back whatever RFC 4180 can write on one line', async () => {
    const value = fc
      .string({ unit: 'binary', maxLength: 8 })
      .map((text) => text.replace(/[\r\n\ufffd]/g, '.'));
    await fc.assert(
      fc.asyncProperty(value, value, fc.integer({ min: 1, max: 9 }), async (one, other, size) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const rows = await rowsIn(`name,names\n${quoted(one)},${quoted(other)}\n`, size);
        const asRead = (text: string): string | null => (text === '' ? null : text);
        expect(rows).toEqual({ 2: { name: asRead(one), names: asRead(other) } });
      }),
      { numRuns: 100 },
    );
  });

  it('take no long time for a line that looks like it could', async () => {
    const blanks = ' '.repeat(500_000);
    const quotes = '""'.repeat(250_000);
    const rows = await rowsIn(`name,names\n${blanks}x"\n"${quotes}\n`, 65_536);
    expect(rows[2]).toHaveProperty('error');
    expect(rows[3]).toHaveProperty('error');
  }, 2_000);

  it.each([
    ['name;names', /^list:1: its columns are separated by ";"/],
    ['\nname,nmaes', /^list:2: there is no column "nmaes"/],
    ['name,names,name', /^list:1: the column name is there twice/],
    ['[{"name":"a"}]', /^list:1: this is a JSON list/],
    [' \n\n', /^list has no rows/],
  ])('are refused as a whole for %j', async (text, message) => {
    await expect(rowsIn(text)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('rows of NDJSON', () => {
  it('are objects, one a line; what is none, or is not UTF-8, spoils no other', async () => {
    const text = Buffer.concat([
      Buffer.from(' \n{"name":"a","names":["ä.test"]}\n{"name":\n[1]\nnull\n{"name":"\u2028"}\n{"name":"'),
      Buffer.from([0xff]),
      Buffer.from(`"}\n{"name":"${'x'.repeat(1_100_000)}"}\n{"name":"last"}`),
    ]);
    const rows = await rowsIn(text, 65_536);
    expect(rows).toMatchObject({
      2: { name: 'a', names: ['ä.test'] },
      3: { error: expect.stringMatching(/^it isn't JSON/) as string },
      4: { error: "it isn't a JSON object" },
      5: { error: "it isn't a JSON object" },
      6: { name: '\u2028' },
      7: { error: "it isn't UTF-8" },
      8: { error: 'the line is too long' },
      9: { name: 'last' },
    });
  });
});
