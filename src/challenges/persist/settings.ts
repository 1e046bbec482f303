import * as z from 'zod/mini';
import { visibilityShape } from '../visibility/settings.ts';

export const persistSchema = () =>
  z.strictObject({
    solver: z.literal('persist'),
    challenge: z.literal('dns-persist-01'),
    /** `ADDR:PORT` of the one name server to ask instead of the zone's own. */
    resolver: visibilityShape().resolver,
  });

export type PersistSettings = z.infer<ReturnType<typeof persistSchema>>;
