import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { freePort } from '../test/support/free-port.ts';
import { newInstallation } from '../test/support/installation.ts';
import { runProgram, startProgram } from '../test/support/program.ts';
import { rawDatabase } from '../test/support/raw-database.ts';

/*
 * How many requests `serve http01` answers a second of its processor time, and how fast: 32 connections that are kept, as of web servers in
 * front, each with one request at a time, for one of 1,000 tokens that are up.
 */
const tokens = Array.from({ length: 1_000 }, (_, index) => `token-${String(index).padStart(37, '0')}`);
const connections = 32;
const seconds = 5;

const here = await newInstallation({ directoryUrl: 'https://127.0.0.1:9/dir', caFile: '' });
await runProgram([...['cert', 'add', 'a.test', '--solver', 'served'], ...['--state-dir', here.stateDir]]);
const ledger = rawDatabase(path.join(here.stateDir, 'ledger.sqlite'), { fileMustExist: true });
ledger.exec('pragma foreign_keys = off');
const insert = ledger.prepare(
  `insert into presentations (authorization_id, order_id, settings, challenge_type, identifier_type, identifier, token,
     key_authorization, created_at) values (1, 1, '{}', 'http-01', 'dns', 'a.test', ?, ?, '2026-01-01T00:00:00.000Z')`,
);
for (const token of tokens) insert.run(token, `${token}.${'x'.repeat(43)}`);
ledger.close();

const port = await freePort();
const server = startProgram([
  ...['serve', 'http01', '--listen', `127.0.0.1:${String(port)}`, '--state-dir', here.stateDir],
]);
await server.waitFor('answering http-01');

/** Processor time of the server so far, in seconds: utime and stime of proc(5), in hundredths. */
function processorSeconds(): number {
  const stat = readFileSync(`/proc/${String(server.pid)}/stat`, 'utf8');
  const [utime = 0, stime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (utime + stime) / 100;
}

const latenciesMs: number[] = [];
let wrong = 0;

function ask(untilMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let sentAt = 0;
    const send = (): void => {
      const token = tokens[Math.floor(Math.random() * tokens.length)] ?? '';
      sentAt = performance.now();
      socket.write(`GET /.well-known/acme-challenge/${token} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    };
    socket.setNoDelay(true);
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (!chunk.toString('latin1').startsWith('HTTP/1.1 200')) wrong += 1;
      latenciesMs.push(performance.now() - sentAt);
      if (performance.now() < untilMs) send();
      else socket.destroy();
    });
    socket.on('close', () => {
      resolve();
    });
  });
}

const run = async (forSeconds: number): Promise<void> => {
  const untilMs = performance.now() + forSeconds * 1000;
  await Promise.all(Array.from({ length: connections }, () => ask(untilMs)));
};
await run(1);
latenciesMs.length = 0;
const before = processorSeconds();
await run(seconds);
const used = processorSeconds() - before;
server.kill('SIGTERM');
await server.finished;
await here.remove();

latenciesMs.sort((one, other) => one - other);
const at = (part: number): string =>
  (latenciesMs[Math.floor(part * (latenciesMs.length - 1))] ?? 0).toFixed(2);
const perCore = latenciesMs.length / used;
console.log(
  `${String(latenciesMs.length)} answers in ${String(seconds)} s with ${used.toFixed(1)} s of processor time`,
);
console.log(`${String(Math.round(perCore))} answers a second on one core, ${String(wrong)} wrong`);
console.log(`latency with ${String(connections)} at a time: median ${at(0.5)} ms, 99 % ${at(0.99)} ms`);
if (wrong > 0 || perCore < 20_000) process.exitCode = 1;
