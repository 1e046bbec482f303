import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteLists } from '../../../src/clients/logs/byte-lists.ts';
import { urlsInLogs } from '../../../src/clients/logs/urls-in-logs.ts';

const url = 'https://ca.example/acme/authz/77/1';

/** As `journalctl -o json` writes a message that has an escape character in it. */
function record(message: string, isPretty = false): string {
  const bytes = [...Buffer.from(message)];
  const list = isPretty ? `[\n\t\t${bytes.join(',\n\t\t')}\n\t]` : JSON.stringify(bytes);
  const [comma, colon] = isPretty ? [',\n\t', ' : '] : [',', ':'];
  return `{"__REALTIME_TIMESTAMP"${colon}"1749123509250123"${comma}"MESSAGE"${colon}${list}${comma}"PRIORITY"${colon}"6"}\n`;
}

describe('a message that journald wrote as a list of bytes', () => {
  it.each([false, true])('has its URLs and its time (pretty: %s)', async (isPretty) => {
    const text = record(`\u001b[36mauthz=\u001b[0m${url}\u001b[0m "quoted" \\ é\n`, isPretty);
    const signal = new AbortController().signal;
    const found = [];
    for await (const one of urlsInLogs(['-'], { signal, stdin: Readable.from([Buffer.from(text)]) })) {
      found.push(one);
    }
    expect(found).toMatchObject([isPretty ? { url } : { url, loggedAt: '2025-06-05T11:38:29.250Z' }]);
  });

  it('is a string of JSON wherever pieces meet, and nothing else is changed', () => {
    const others = ['"MESSAGE":["a","b"]', '"MESSAGE":"x"', '"MESSAG', '[1,2]', '{"x":[27,91]}\n'];
    const text = `${others.join(' ')}${record(`a "b" \\ ${url}\n`)}${others.join(' ')}`;
    const whole = new ByteLists().textOf(text);
    const last = whole.split('\n').at(-2) ?? '';
    expect(whole).toContain(`"MESSAGE":"a \\"b\\" \\\\ ${url}\\n","PRIORITY"`);
    expect(last).not.toBe('');
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(text.length), { maxLength: 12 }), (places) => {
        const ends = [...places.sort((a, b) => a - b), text.length];
        const lists = new ByteLists();
        const pieces = ends.map((end, index) => lists.textOf(text.slice(ends[index - 1] ?? 0, end)));
        expect(pieces.join('') + lists.end()).toBe(whole);
      }),
    );
  });
});
