import { realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';

/** Where packages put it. */
const packaged = '/usr/share/acme.sh';

/**
 * The script of acme.sh's dnsapi that a person means: a file, or its name with or without `.sh`, which is looked for where acme.sh
 * looks; null when there is none.
 */
export function dnsScript(typed: string, directory: string): string | null {
  if (typed.includes('/')) {
    const file = resolve(directory, typed);
    return isFile(file) && /\/\w+\.sh$/.test(file) ? file : null;
  }
  if (!/^\w+(\.sh)?$/.test(typed)) return null;
  const name = `${typed.replace(/\.sh$/, '')}.sh`;
  const places = homes().flatMap((home) => [join(home, 'dnsapi', name), join(home, name)]);
  return places.find(isFile) ?? null;
}

/** The program that has the functions which a script of its dnsapi uses; null when there is none. */
export function acmeShProgram(script: string): string | null {
  return [homeOf(script), ...homes()].map((home) => join(home, 'acme.sh')).find(isFile) ?? null;
}

/**
 * The home of acme.sh that has the script and the credentials of its person; null where acme.sh finds them by itself: a package keeps its
 * scripts apart from what is a person's.
 */
export function credentialsHome(script: string): string | null {
  const home = homeOf(script);
  return process.env['LE_WORKING_DIR'] === undefined && isFile(join(home, 'account.conf')) ? home : null;
}

function homeOf(script: string): string {
  const folder = dirname(script);
  return basename(folder) === 'dnsapi' ? dirname(folder) : folder;
}

function homes(): string[] {
  const { LE_WORKING_DIR: set, HOME: home, PATH: path = '' } = process.env;
  return [
    ...(set === undefined || set === '' ? [] : [set]),
    ...(home === undefined ? [] : [join(home, '.acme.sh')]),
    ...path.split(delimiter).flatMap((folder) => {
      const program = join(folder, 'acme.sh');
      return folder !== '' && isFile(program) ? [dirname(realpathSync(program))] : [];
    }),
    packaged,
  ];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
