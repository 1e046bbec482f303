// Loaded into the built program by NODE_OPTIONS (campaign.ts): counts the moments at which something has just happened, or is about
// to, at the ledger, at the CA, on disk or in a hook, and sends this process a signal at one of them. The program knows nothing of it.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { URL } from 'node:url';

const { CRASH_POINTS = '', CRASH_AT = '0', CRASH_SIGNAL = 'SIGKILL', CRASH_DIRECTORY = '' } = process.env;
const pointsFile = fs.openSync(CRASH_POINTS, 'a');
const { writeSync } = fs;
let count = 0;

function point(label) {
  count += 1;
  writeSync(pointsFile, `${label}\n`);
  if (count !== Number(CRASH_AT)) return;
  process.kill(process.pid, CRASH_SIGNAL);
  // Stopped, it comes back here when it is let go on: much later, by its own clocks.
  globalThis[Symbol.for('thaw')]?.();
}

/* The ledger: each commit, and each write outside of a transaction. */

const Database = createRequire(import.meta.url)('better-sqlite3');
// Held for the reason in src/ledger/sqlite/sqlite.ts.
const kept = [new Database(':memory:')];
kept.push(kept[0].prepare('select 1'));
const statementPrototype = Object.getPrototypeOf(kept[1]);
let written = [];

for (const method of ['run', 'get', 'all', 'iterate']) {
  const original = statementPrototype[method];
  statementPrototype[method] = function (...parameters) {
    const act = () => original.apply(this, parameters);
    const [verb = ''] = /^\w+/.exec(this.source.trim().toLowerCase()) ?? [];
    if (verb === 'begin' || this.source === 'rollback') written = [];
    if (verb === 'commit' && written.length > 0) return aroundWrite(`commit: ${written.join(', ')}`, act);
    if (!['insert', 'update', 'delete', 'create', 'alter', 'drop'].includes(verb)) return act();
    const what = writeLabel(verb, this.source, parameters.flat());
    if (!this.database.inTransaction) return aroundWrite(what, act);
    written.push(what);
    return act();
  };
}

const { exec } = Database.prototype;
Database.prototype.exec = function (source) {
  const act = () => exec.call(this, source);
  return /journal_mode = \w/.test(source) ? aroundWrite('journal_mode', act) : act();
};

function aroundWrite(what, act) {
  point(`before ${what}`);
  const result = act();
  if (what.startsWith('commit')) written = [];
  point(`after ${what}`);
  return result;
}

function writeLabel(verb, source, parameters) {
  const [, table = ''] =
    /(?:into|update|from|table|index)\s+(?:if not exists\s+)?"?(\w+)/i.exec(source) ?? [];
  const kinds = parameters.filter((one) => typeof one === 'string' && /^[a-z]+(-[a-z]+)+$/.test(one));
  return table === 'events' ? [...new Set(kinds)].join(' ') : `${verb} ${table}`;
}

/* The CA: before a request is sent, when it is, and when its whole answer is here but nobody has seen it. */

const { request } = https;
https.request = (url, options, ...rest) => {
  const outgoing = request(url, options, ...rest);
  let asked = `${options.method} ${new URL(url).pathname}`;
  // What is stopped is asked who owns it before its bytes: nothing can be asked between the answer to that and the first byte.
  if (CRASH_SIGNAL === 'SIGSTOP') point(`connecting ${asked}`);
  const { end } = outgoing;
  outgoing.end = (body, ...others) => {
    // POST-as-GET (RFC 8555 §6.3).
    if (body !== undefined && JSON.parse(body).payload === '') asked = asked.replace('POST', 'read');
    if (CRASH_SIGNAL !== 'SIGSTOP') point(`request ${asked}`);
    return end.call(outgoing, body, ...others);
  };
  outgoing.once('finish', () => point(`sent ${asked}`));
  // The program looks at an answer when the request is closed, and this listener was there first.
  outgoing.once('close', () => point(`answer ${asked}`));
  return outgoing;
};

/* The disk: after each step in the directory of the case. */

for (const step of ['rename', 'link', 'symlink', 'unlink', 'rm', 'mkdir', 'open']) {
  const original = fs.promises[step];
  fs.promises[step] = async (...parameters) => {
    // Before the step: its descriptor may be closed after it.
    const target = shownPath(String(parameters[['rename', 'link', 'symlink'].includes(step) ? 1 : 0]));
    const result = await original(...parameters);
    const isRead = step === 'open' && !isWriting(parameters[1]);
    const place = path.relative(CRASH_DIRECTORY, target);
    if (!isRead && !place.startsWith('..')) point(`${step} ${place.replace(/[\w-]{16,}/g, '…')}`);
    return result;
  };
}

/** What is reached from an open directory (src/challenges/webroot/held-directory.ts) has the path that a person would write. */
function shownPath(target) {
  const [, descriptor, rest] = /^(\/proc\/self\/fd\/\d+)(\/.*)$/.exec(target) ?? [];
  if (descriptor === undefined) return target;
  try {
    return path.join(fs.readlinkSync(descriptor), rest);
  } catch {
    return target;
  }
}

function isWriting(flags) {
  const { O_WRONLY, O_RDWR, O_CREAT } = fs.constants;
  return typeof flags === 'number'
    ? (flags & (O_WRONLY | O_RDWR | O_CREAT)) !== 0
    : /[wax]/.test(String(flags));
}

/* Hooks: running, and ended. */

const { spawn } = childProcess;
childProcess.spawn = (...parameters) => {
  const child = spawn(...parameters);
  const action = parameters[1]?.at(3) ?? '';
  point(`hook runs: ${action}`);
  child.once('exit', () => point(`hook ended: ${action}`));
  return child;
};

syncBuiltinESMExports();
