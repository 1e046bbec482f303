import { resolve } from 'node:path';
import { pathAsMeant } from '../system/home-directory.ts';
import { optionError, type Given } from './option-check.ts';

/** A given path as an absolute one. @throws AcmeLedgerError with the origin's code */
export function givenPath({ value, origin }: Given<string>): string {
  const path = pathAsMeant(value, (fault, hint) => optionError(origin, fault, hint));
  return resolve(origin.baseDirectory, path);
}
