import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from './support/markdown.ts';
import type { PebbleLab } from './support/pebble.ts';
import { startPebble } from './support/pebble.ts';
import type { SessionOptions, SessionStep } from './support/shell-session.ts';
import { runSession, stepsOf } from './support/shell-session.ts';
import type { WebrootServer } from './support/webroot-server.ts';
import { serveWebroot } from './support/webroot-server.ts';
import type { Workspace } from './support/workspace.ts';
import { newWorkspace } from './support/workspace.ts';

const program = fileURLToPath(new URL('../bin/acme-ledger', import.meta.url));

let pebble: PebbleLab;
let workspace: Workspace;
let server: WebrootServer;

beforeAll(async () => {
  pebble = await startPebble();
  workspace = await newWorkspace();
  server = await serveWebroot(workspace.webroot, pebble.httpPort);
  await mkdir(workspace.file('etc'));
  await mkdir(workspace.file('home'));
});

afterAll(async () => {
  await server.stop();
  await pebble.stop();
  await workspace.remove();
});

describe('the first screen of the README', () => {
  it('has commands that do what they are for, as they stand', { timeout: 180_000 }, async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const screen = readme.slice(0, readme.indexOf('\n| question'));
    expect(screen.split('\n').length).toBeLessThan(42);
    const commands = blocksOf(screen, '')
      .flatMap((block) => block.split('\n'))
      .map((line) => line.replace(/^17 3,15 \* \* \* root /, ''))
      .filter((line) => line.startsWith('acme-ledger '));
    expect(commands.map((command) => command.split(' ')[1])).toEqual([
      'issue',
      'renew',
      'status',
      'cert',
      'name',
    ]);
    await writeCommand('acme-ledger', `exec "${process.execPath}" "${program}" "$@"`);
    await writeCommand('systemctl', `echo "$@" >> "$HOME/systemctl.log"`);
    const written = commands.map((command) => ({ command: `${command} && echo well`, output: '' }));
    const { places, ...session } = surroundings();
    const stateDir = workspace.file('first-screen');
    const env = { ...session.env, ACME_LEDGER_STATE_DIR: stateDir };
    const seen = await runSession(written, { ...session, places, env });
    expect(seen.map(({ output }) => output.trim().split('\n').at(-1))).toEqual(commands.map(() => 'well'));
    expect(await readFile(workspace.file('home/systemctl.log'), 'utf8')).toBe('reload nginx\n');
    expect(seen[2]?.output).toContain('certificates: 1, 0 due');
    expect(existsSync(path.join(stateDir, 'log'))).toBe(true);
  });
});

describe('the session of the README', () => {
  it('shows what the program does and says today', { timeout: 180_000 }, async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const written = blocksOf(readme, 'console').flatMap(stepsOf);
    expect(written.length).toBeGreaterThan(5);
    await writeCommand('acme-ledger', `exec "${process.execPath}" "${program}" "$@"`);
    await writeCommand('dns.sh', dnsHook(pebble.challtestsrv.managementUrl));
    await writeCommand('timeout', killWhenSlow);
    const seen = await runSession(written, surroundings());
    expect(seen.map(comparable)).toEqual(written.map(comparable));
  });
});

function surroundings(): SessionOptions {
  return {
    places: {
      '/etc/acme-ledger': workspace.file('etc'),
      '/var/www/html': workspace.webroot,
      '/var/lib/acme-ledger': workspace.stateDir,
      '/root': workspace.file('home'),
      '192.0.2.53': pebble.dnsAddress,
    },
    directory: workspace.file('home'),
    env: {
      HOME: workspace.file('home'),
      PATH: `${workspace.file('etc')}:${process.env['PATH'] ?? ''}`,
      ACME_LEDGER_CA: pebble.directoryUrl,
      ACME_LEDGER_CA_FILE: pebble.caFile,
      ACME_LEDGER_STATE_DIR: workspace.stateDir,
    },
  };
}

async function writeCommand(name: string, script: string): Promise<void> {
  const file = path.join(workspace.file('etc'), name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

/** Instead of `timeout -s KILL 3`: on a busy machine three seconds may be over before the hook has begun. */
const killWhenSlow = [
  'shift 3',
  '"$@" & pid=$!',
  'while kill -0 $pid 2>/dev/null && ! [ -e "$HOME/slow" ]; do sleep 0.05; done',
  'kill -KILL $pid',
  'kill -KILL $$',
].join('\n');

/** The hook that the README tells of: no zone for one name, slow for another. */
function dnsHook(managementUrl: string): string {
  const setTxt = `fetch("${managementUrl}/set-txt", { method: "POST", body: JSON.stringify({ host: process.argv[1], value: process.argv[2] }) })`;
  return [
    '[ "$1" = cleanup ] && exit 0',
    'case $2 in',
    '  *.old.*) echo "no zone for $2" >&2; exit 1;;',
    '  *.slow.*) touch "$HOME/slow"; exec sleep 5;;',
    'esac',
    `exec "${process.execPath}" -e '${setTxt}' "$2" "$3"`,
  ].join('\n');
}

/** Without what differs from run to run: times, ports, random names, numbers of rows; the CA lists names in any order. */
function comparable({ command, output }: SessionStep): { command: string; lines: string[] } {
  const lines = output
    .trim()
    .split('\n')
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d{3})?Z?/g, 'TIME')
        .replace(/https:\/\/127\.0\.0\.1:\d+\//g, 'CA/')
        .replace(/(authZ|my-order|my-account)\/[\w-]+/g, '$1/ID')
        .replace(/[\w-]{43}$/, 'VALUE')
        .replace(/^\d+ +/, 'ROW '),
    );
  return { command, lines: lines.sort() };
}
