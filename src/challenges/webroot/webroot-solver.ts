import pLimit from 'p-limit';
import { join } from 'node:path';
import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { failedWith } from '../../system/durable-file.ts';
import { untilAborted } from '../../system/until-aborted.ts';
import { checkedToken } from '../answer-values.ts';
import { type WebrootSettings, webrootFor } from './settings.ts';
import type { ChallengeAnswer, Solver } from '../solver.ts';
import type { WebrootFile } from './webroot-file.ts';
import { readBelowWebroot, removeBelowWebroot, writeBelowWebroot } from './webroot-file.ts';

/** The answers that are written at one time. Each has up to three files open, and a process may have only so many. */
const atOnce = pLimit(32);

/**
 * The directories that this process made, by `directoryKey`. Only they are removed again: an empty one that was there before belongs to
 * somebody else. After a crash they stay, empty. Nothing is ever taken out: another order may have made the directory
 * anew before the one that removed it could say so.
 */
const madeDirectories = new Set<string>();

/** The answers of this process, by directory: there is no need to try and remove a directory before its last answer is gone. */
const answersIn = new Map<string, Set<string>>();

/** The writes that are under way, by path: an interrupt doesn't wait for a write, and its file must be taken down all the same. */
const writing = new Map<string, Promise<unknown>>();

/** Puts the key authorization where a web server finds it (RFC 8555 §8.3). */
export function webrootSolver(settings: WebrootSettings): Solver {
  const webrootOf = (answer: ChallengeAnswer): string => webrootFor(settings, answer.identifier.value);
  return {
    type: 'http-01',
    async present(answer, signal) {
      const place = placeOf(webrootOf(answer), answer);
      const write = () => remembered(place.path, writeAnswer(place, answer.keyAuthorization));
      await atPlace(place, 'write', write, signal);
    },
    waitUntilVisible: (answer, signal) => assertThere(webrootOf(answer), answer, signal),
    assertStillVisible: (answer, signal) => assertThere(webrootOf(answer), answer, signal),
    async cleanUp(answer, signal) {
      const place = placeOf(webrootOf(answer), answer);
      const remove = async () => {
        await writing.get(place.path)?.catch(() => undefined); // whoever waited for it has its failure
        await removeAnswer(place);
      };
      await atPlace(place, 'remove', remove, signal);
    },
    close: () => Promise.resolve(),
  };
}

async function assertThere(webroot: string, answer: ChallengeAnswer, signal: AbortSignal): Promise<void> {
  const place = placeOf(webroot, answer);
  const content = await atPlace(place, 'read', () => readBelowWebroot(place), signal);
  if (content === answer.keyAuthorization) return;
  throw placeError(
    place,
    'find our answer in',
    'something else holds other text',
    'look who else writes to this directory',
  );
}

interface Place extends WebrootFile {
  directory: string;
  path: string;
}

function placeOf(webroot: string, answer: ChallengeAnswer): Place {
  const token = checkedToken(answer);
  const directory = join(webroot, '.well-known', 'acme-challenge');
  return { webroot, token, directory, path: join(directory, token) };
}

async function remembered(path: string, work: Promise<void>): Promise<void> {
  writing.set(path, work);
  try {
    await work;
  } finally {
    writing.delete(path);
  }
}

async function writeAnswer(place: Place, content: string): Promise<void> {
  answersIn.set(place.directory, (answersIn.get(place.directory) ?? new Set()).add(place.path));
  await writeBelowWebroot(place, content, (depth) => madeDirectories.add(directoryKey(place, depth)));
}

async function removeAnswer(place: Place): Promise<void> {
  const others = answersIn.get(place.directory);
  others?.delete(place.path);
  const isLast = others === undefined || others.size === 0;
  if (isLast) answersIn.delete(place.directory);
  await removeBelowWebroot(place, (depth) => isLast && madeDirectories.has(directoryKey(place, depth)));
}

function directoryKey({ webroot }: Place, depth: number): string {
  return `${String(depth)} ${webroot}`;
}

async function atPlace<T>(
  place: Place,
  what: string,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await untilAborted(() => atOnce(work), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw placeError(place, what, reasonOf(error), hintFor(error), error);
  }
}

function placeError(place: Place, what: string, why: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('solver', `can't ${what} ${printable(place.path)}: ${why}`, { hint, cause });
}

/** Paths in it are of descriptors, which tell a person nothing. */
function reasonOf(error: unknown): string {
  return printable(messageOf(error).replace(/, \w+ '\/proc\/self\/fd\/[^']*'.*$/, ''));
}

function hintFor(error: unknown): string {
  if (error instanceof AcmeLedgerError && error.hint !== undefined) return error.hint;
  if (failedWith(error, 'EACCES', 'EPERM', 'EROFS')) {
    return 'run as a user who may write there, or let --webroot name a directory that you may write to';
  }
  if (failedWith(error, 'ENOSPC', 'EDQUOT')) return 'make room on that disk';
  return "check that --webroot names the web server's document root";
}
