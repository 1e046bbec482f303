import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { drawing, mentioned, otherText } from './log-text.ts';
import { measure } from './measured-process.ts';

/*
 * How fast the URLs of other clients' authorizations are found in a large log, and with how much memory. Ends with 1 when those that are found
 * aren't exactly those that were written.
 */

const megabytes = Number(process.env['SCAN_MEGABYTES'] ?? 2000);
const urls = Number(process.env['SCAN_URLS'] ?? 200_000);
const seed = Number(process.env['SCAN_SEED'] ?? 1);
const directory = await mkdtemp(path.join(tmpdir(), 'acme-ledger-log-scan-'));
try {
  const log = path.join(directory, 'mixed.log');
  const written = await writeLog(log);
  const { scanMs, cpuMs, peakKb, found } = await scan(log);
  const bytes = (await stat(log)).size;
  const isExact = written.size === found.length && found.every((url) => written.has(url));
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${(loadavg()[0] ?? 0).toFixed(2)}\n` +
      `${(bytes / 1e6).toFixed(0)} MB in ${(scanMs / 1000).toFixed(2)} s: ${(bytes / 1e3 / scanMs).toFixed(0)} MB/s, ` +
      `${(cpuMs / 1000).toFixed(2)} s of CPU from start to end, ${(peakKb / 1024).toFixed(0)} MB resident at most\n` +
      `${found.length} URLs found of ${written.size}${isExact ? '' : ': NOT those that were written'}\n`,
  );
  process.exitCode = isExact ? 0 : 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** The URLs in an even spread over the whole file. */
async function writeLog(file: string): Promise<Set<string>> {
  const draw = drawing(seed);
  const filler = otherText(8e6, draw);
  const written = new Set<string>();
  const stream = createWriteStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 });
  const share = Math.floor((megabytes * 1e6) / urls);
  for (let id = 0; id < urls; id++) {
    const { url, text } = mentioned(id, draw);
    written.add(url);
    const rest = Math.max(0, share - text.length);
    const from = filler.indexOf('\n', draw(filler.length - rest - 1000)) + 1;
    if (!stream.write(`${text}${filler.slice(from, from + rest)}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
  return written;
}

interface Scan {
  scanMs: number;
  /** Of the whole process. */
  cpuMs: number;
  peakKb: number;
  found: string[];
}

/** In a process of its own, without anything that compiles TypeScript in it. */
async function scan(log: string): Promise<Scan> {
  const [program, foundFile] = [path.join(directory, 'scan.mjs'), path.join(directory, 'found.txt')];
  await build({
    entryPoints: [fileURLToPath(new URL('log-scan-process.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  const { exitCode, output, peakKb, cpuMs } = await measure(
    { file: process.execPath, args: [program, log, foundFile], env: process.env },
    {
      outputFile: path.join(directory, 'output.txt'),
      signal: new AbortController().signal,
      timeoutMs: 600_000,
    },
  );
  if (exitCode !== 0) throw new Error(`the scan ended with ${String(exitCode)}: ${output}`);
  const found = (await readFile(foundFile, 'utf8')).split('\n').slice(0, -1);
  return { scanMs: Number(output), cpuMs, peakKb, found };
}
