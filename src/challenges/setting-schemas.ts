import { isAbsolute } from 'node:path';
import * as z from 'zod/mini'; // a quarter of zod's loading time

/*
 * Settings are what a solver needs to put an answer up, and to take it down from another process after a crash: kept in the ledger
 * as JSON, so every path is absolute and nothing is secret (a hook's credentials are in its environment or its files).
 */

export const absolutePath = () => z.string().check(z.refine(isAbsolute, 'must be an absolute path'));

/** A whole number. */
export const between = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most));
