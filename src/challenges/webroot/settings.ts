import * as z from 'zod/mini';
import { absolutePath } from '../setting-schemas.ts';

export const webrootSchema = () =>
  z.strictObject({
    solver: z.literal('webroot'),
    challenge: z.literal('http-01'),
    webroot: absolutePath(),
  });

export type WebrootSettings = z.infer<ReturnType<typeof webrootSchema>>;
