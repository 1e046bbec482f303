import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../../errors.ts';
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
} as const;

/** A web server that is there already serves the answers of http-01 as files. */
export const webroot: SolverKind<WebrootSettings, typeof options> = {
  name: 'webroot',
  challenges: ['http-01'],
  chosenWhen: 'a web server serves it',
  options,
  schema: webrootSchema,
  settingsFrom: (values, { challenge }) => ({ solver: 'webroot', challenge, ...values }),
  create: (settings) =>
    lazySolver(settings.challenge, async () => {
      const { webrootSolver } = await import('./webroot-solver.ts');
      return webrootSolver(settings);
    }),
  queue: () => null,
  cleanUpLimitMs: 60_000,
  propagation: () => null,
  commandLine: (settings) => ({ directory: null, words: ['--webroot', settings.webroot] }),
  shown: (settings) => ({ label: 'webroot', text: settings.webroot }),
};

function checkedWebroot(given: string | undefined, { directory, look }: OptionPlace): string {
  if (given === undefined || given.trim() === '') {
    throw usage('the solver webroot needs --webroot DIR', "give the web server's document root");
  }
  const path = resolve(
    directory,
    pathAsMeant(given, (fault, hint) => usage(`--webroot ${fault}`, hint)),
  );
  if (!look) return path;
  const hint = "give the web server's document root; acme-ledger makes .well-known/acme-challenge in it";
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw usage(`--webroot ${printable(path)} can't be used: ${printable(messageOf(error))}`, hint);
  }
  if (!isDirectory) throw usage(`--webroot ${printable(path)} isn't a directory`, hint);
  return path;
}
