import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { urlsInLogs } from '../../../src/clients/logs/urls-in-logs.ts';
import { bytesOfLog } from '../../../src/clients/logs/log-bytes.ts';

it('logs are read as far as they have whole lines where one is damaged, and the others to their end', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-logs-'));
  const [cut, whole] = [path.join(directory, 'cut.log'), path.join(directory, 'whole.log')];
  const zipped = gzipSync('https://ca.example/acme/authz/1 \nhttps://ca.example/acme/authz/12');
  await writeFile(cut, zipped.subarray(0, -8));
  await writeFile(whole, 'https://ca.example/acme/authz/2');
  const told: string[] = [];
  const onUnreadable = ({ message }: Error): void => void told.push(message);
  const urls: string[] = [];
  const reading = { signal: new AbortController().signal, onUnreadable };
  for await (const { url } of urlsInLogs([cut, whole], reading)) urls.push(url);
  expect(urls).toEqual(['https://ca.example/acme/authz/1', 'https://ca.example/acme/authz/2']);
  expect(told).toEqual([`the log ${cut} can't be read: unexpected end of file`]);
  await rm(directory, { recursive: true });
});

it.each([0, 20])(
  'the wait for who writes into a pipe ends when it is interrupted %s ms later',
  async (ms) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-logs-'));
    const pipe = path.join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const stop = new AbortController();
    const first = bytesOfLog(pipe, { signal: stop.signal }).next();
    setTimeout(() => stop.abort(new Error('interrupted')), ms);
    await expect(first).rejects.toThrow('interrupted');
    await rm(directory, { recursive: true });
  },
);
