import * as z from 'zod/mini';
import { absolutePath } from '../setting-schemas.ts';

export const webrootSchema = () =>
  z.strictObject({
    solver: z.literal('webroot'),
    challenge: z.literal('http-01'),
    webroot: absolutePath(),
    /** The document roots of names that have another one, by name; missing where no name has. */
    webroots: z.optional(z.record(z.string(), absolutePath())),
  });

export type WebrootSettings = z.infer<ReturnType<typeof webrootSchema>>;

/** The document root of a name. */
export function webrootFor({ webroot, webroots }: WebrootSettings, name: string): string {
  return webroots !== undefined && Object.hasOwn(webroots, name) ? (webroots[name] ?? webroot) : webroot;
}
