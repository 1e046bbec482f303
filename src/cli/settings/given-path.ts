import { resolve } from 'node:path';
import type { Given } from './option-check.ts';

/** A given path as an absolute one. */
export function givenPath({ value, origin }: Given<string>): string {
  return resolve(origin.baseDirectory, value);
}
