import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import { printable } from '../../printable.ts';
import { pathAsMeant } from '../../system/home-directory.ts';
import { lazySolver } from '../lazy-solver.ts';
import type { SolverKind } from '../solver-kind.ts';
import { usage, type OptionPlace } from '../solver-option.ts';
import { webrootSchema, type WebrootSettings } from './settings.ts';

const options = {
  webroot: {
    placeholder: 'DIR',
    help: 'webroot: the folder that the web server serves',
    kind: 'text',
    isRequired: true,
    check: checkedWebroot,
  },
  webrootFor: {
    placeholder: 'NAME=DIR,…',
    help: 'webroot: names that are served from another folder',
    kind: 'text',
    check: checkedWebroots,
  },
} as const;

/** A web server that is there already serves the answers of http-01 as files. */
export const webroot: SolverKind<WebrootSettings, typeof options> = {
  name: 'webroot',
  challenges: ['http-01'],
  chosenWhen: 'a web server serves it',
  options,
  schema: webrootSchema,
  settingsFrom: ({ webroot, webrootFor }, { challenge }) => ({
    solver: 'webroot',
    challenge,
    webroot,
    ...(webrootFor === null ? {} : { webroots: webrootFor }),
  }),
  unknownNames: ({ webroots = {} }, names) => Object.keys(webroots).filter((name) => !names.includes(name)),
  create: (settings) =>
    lazySolver(settings.challenge, async () => {
      const { webrootSolver } = await import('./webroot-solver.ts');
      return webrootSolver(settings);
    }),
  queue: () => null,
  cleanUpLimitMs: 60_000,
  propagation: () => null,
  commandLine: ({ webroot, webroots }) => ({
    directory: null,
    words: [
      '--webroot',
      webroot,
      ...(webroots === undefined ? [] : ['--webroot-for', entriesOf(webroots).join(',')]),
    ],
  }),
  shown: ({ webroot, webroots = {} }) => ({
    label: 'webroot',
    text: [webroot, ...entriesOf(webroots)].join(', '),
  }),
};

function entriesOf(webroots: Readonly<Record<string, string>>): string[] {
  return Object.entries(webroots).map(([name, directory]) => `${name}=${directory}`);
}

/** `NAME=DIR`, several with commas between; a comma in a folder's name is no end, unless a name follows it. */
function checkedWebroots(given: string | undefined, place: OptionPlace): Record<string, string> | null {
  if (given === undefined) return null;
  const entries = given.split(/,(?=[^,=/]*=)/).map((entry) => {
    const [, name = '', directory = ''] = /^([^=]*)=(.*)$/s.exec(entry.trim()) ?? [];
    if (name === '' || directory === '') {
      throw usage(
        `${place.flag} "${printable(entry)}" isn't NAME=DIR`,
        `as in ${place.flag} www.example.com=/srv/www,shop.example.com=/srv/shop`,
      );
    }
    return [parseName(name).value, checkedDirectory(directory, place)] as const;
  });
  return Object.fromEntries(entries);
}

function checkedWebroot(given: string | undefined, place: OptionPlace): string {
  if (given === undefined || given.trim() === '') {
    throw usage('the solver webroot needs --webroot DIR', "give the web server's document root");
  }
  return checkedDirectory(given, place);
}

function checkedDirectory(given: string, { directory, look, flag }: OptionPlace): string {
  const path = resolve(
    directory,
    pathAsMeant(given, (fault, hint) => usage(`${flag} ${fault}`, hint)),
  );
  if (!look) return path;
  const hint = "give the web server's document root; acme-ledger makes .well-known/acme-challenge in it";
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw usage(`${flag} ${printable(path)} can't be used: ${printable(messageOf(error))}`, hint);
  }
  if (!isDirectory) throw usage(`${flag} ${printable(path)} isn't a directory`, hint);
  return path;
}
