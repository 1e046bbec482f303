import { isIP } from 'node:net';
import * as z from 'zod/mini';
import { between } from '../setting-schemas.ts';

export const standaloneSchema = () =>
  z.strictObject({
    solver: z.literal('standalone'),
    challenge: z.enum(['http-01', 'tls-alpn-01']),
    listen: z.strictObject({
      /** The address to listen on; null: every address of this machine. */
      host: z.nullable(z.string().check(z.refine((host) => isIP(host) !== 0, 'must be an IP address'))),
      port: between(1, 65_535),
    }),
  });

export type StandaloneSettings = z.infer<ReturnType<typeof standaloneSchema>>;
