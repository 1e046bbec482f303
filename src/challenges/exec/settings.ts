import * as z from 'zod/mini';
import { absolutePath, between } from '../setting-schemas.ts';
import { visibilityShape } from '../visibility/settings.ts';
import { hookStyleNames } from './hook-styles.ts';

export const execSchema = () =>
  z.strictObject({
    solver: z.literal('exec'),
    challenge: z.enum(['http-01', 'dns-01']),
    hook: z.string().check(z.regex(/\S/, 'must not be empty')),
    /** The command that takes answers down, for a hook style that has one. */
    cleanupHook: z.optional(z.string().check(z.regex(/\S/, 'must not be empty'))),
    /** Where the hook runs, so that a relative path in it means the same thing to whoever cleans up. */
    hookDirectory: absolutePath(),
    hookStyle: z.enum(hookStyleNames),
    hookTimeoutSeconds: between(1, 86_400),
    /** Hooks at one time. 1: most hooks that edit a zone can't bear company (lego runs them one by one, too). */
    hookConcurrency: between(1, 100),
    ...visibilityShape(),
  });

export type ExecSettings = z.infer<ReturnType<typeof execSchema>>;
