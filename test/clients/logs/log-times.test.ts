import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type FoundUrl, urlsInLogs } from '../../../src/clients/logs/urls-in-logs.ts';

describe('what stands around a URL', () => {
  const url = 'https://ca.example/acme/authz/1';

  it.each([
    [`time=2025-06-05T11:38:29.5+02:00 ${url}`, '2025-06-05T09:38:29.500Z'],
    [`{"ts":1749123509.25,"authz":"${url}"}`, '2025-06-05T11:38:29.250Z'],
    [`{"level":"info","ts":1.74912350925e9,"authz":"${url}"}`, '2025-06-05T11:38:29.250Z'],
    [`{"time":1749123509250,"authz":"${url}"}`, '2025-06-05T11:38:29.250Z'],
    [`\u001b[90m2025-06-05T11:38:29Z\u001b[0m DBG authz=\u001b[0m${url}`, '2025-06-05T11:38:29.000Z'],
    [`\\u001b[90m2025-06-05T11:38:29Z\\u001b[0m ${url}`, '2025-06-05T11:38:29.000Z'],
    [
      `{"log":"AuthURL: ${url}\\n","stream":"stderr","time":"2025-06-05T11:38:29.123456789Z"}`,
      '2025-06-05T11:38:29.123Z',
    ],
    [
      `{"MESSAGE":"authz=${url}","PRIORITY":"6","__REALTIME_TIMESTAMP":"1749123509250123"}`,
      '2025-06-05T11:38:29.250Z',
    ],
    [
      `[Thu Jun 05 11:38:29.123456 2025] [md:debug] ${url}`,
      new Date(2025, 5, 5, 11, 38, 29, 123).toISOString(),
    ],
    [`[Tue Jun  2 09:00:59 AM UTC 2020] '${url}'`, '2020-06-02T09:00:59.000Z'],
    [`[Tue 02 Jun 2020 12:00:59 AM GMT] '${url}'`, '2020-06-02T00:00:59.000Z'],
    [`[Di 2. Jun 09:00:59 UTC 2020] '${url}'`, '2020-06-02T09:00:59.000Z'],
    [`[mar. 02 juin 2020 09:00:59 UTC] '${url}'`, '2020-06-02T09:00:59.000Z'],
    [`[Вт 02 июн 2020 09:00:59 UTC] '${url}'`, '2020-06-02T09:00:59.000Z'],
    [`[ter 02 fev 2021 09:00:59 -03] '${url}'`, '2021-02-02T12:00:59.000Z'],
    [`[2020年 06月 02日 星期二 09:00:59 UTC] '${url}'`, '2020-06-02T09:00:59.000Z'],
    [`[2020. 06. 02. (화) 09:00:59 UTC] '${url}'`, '2020-06-02T09:00:59.000Z'],
    // Poland's July is Croatia's June.
    [`[czw 2 lip 2020 09:00:59 UTC] '${url}'`, null],
    [`{"ts":"2025-06-05T11:38:29Z","authz":"${url}"}`, '2025-06-05T11:38:29.000Z'],
    [`[Tue Jun  2 09:00:59 PDT 2020] '${url}'`, '2020-06-02T16:00:59.000Z'],
    [
      `2025-06-05 11:38:29 UTC first\n{\n  "expires": "2030-01-01T00:00:00Z",\n  "${url}"`,
      '2025-06-05T11:38:29.000Z',
    ],
    [`2019/03/12 20:02:19 [INFO] [a] AuthURL: ${url}`, new Date(2019, 2, 12, 20, 2, 19).toISOString()],
    [`[Tue Jun  2 09:00:59 CEST 2020] '${url}'`, null],
    [`"expires":"2030-01-01T00:00:00Z" ${url}`, null],
    [`${url}\n2025-06-05 11:38:29 UTC next`, null],
    [`2025-99-99 99:99:99 ${url}`, null],
  ])('gives the time of %s', async (text, loggedAt) => {
    expect(await inText(text)).toMatchObject([{ url, loggedAt }]);
  });
});

it('a log tells when it was last written: nothing in it is younger', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-logs-'));
  const file = path.join(directory, 'old.log');
  await writeFile(file, 'https://ca.example/acme/authz/1');
  await utimes(file, 1_749_123_509, 1_749_123_509);
  const found = await collected(urlsInLogs([file], { signal: new AbortController().signal }));
  expect(found).toMatchObject([{ loggedAt: null, fileWrittenAt: '2025-06-05T11:38:29.000Z' }]);
  await rm(directory, { recursive: true });
});

function inText(text: string): Promise<FoundUrl[]> {
  const signal = new AbortController().signal;
  return collected(urlsInLogs(['-'], { signal, stdin: Readable.from([Buffer.from(text)]) }));
}

async function collected(urls: AsyncIterable<FoundUrl>): Promise<FoundUrl[]> {
  const all: FoundUrl[] = [];
  for await (const one of urls) all.push(one);
  return all;
}
