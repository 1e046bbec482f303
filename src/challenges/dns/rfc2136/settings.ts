import * as z from 'zod/mini';
import { parseServerAddress } from '../../../system/socket-address.ts';
import { absolutePath } from '../../setting-schemas.ts';
import { visibilityShape } from '../../visibility/settings.ts';

/** The algorithms that BIND, Knot and PowerDNS have in common (RFC 8945 §6). */
export const tsigAlgorithms = [
  'hmac-sha256',
  'hmac-sha512',
  'hmac-sha384',
  'hmac-sha224',
  'hmac-sha1',
  'hmac-md5',
] as const;
export type TsigAlgorithm = (typeof tsigAlgorithms)[number];

export const rfc2136Schema = () =>
  z.strictObject({
    solver: z.literal('rfc2136'),
    challenge: z.literal('dns-01'),
    /** `ADDR:PORT` of the server that takes updates. */
    dnsServer: z
      .string()
      .check(z.refine((text) => parseServerAddress(text, 53) === text, 'must be ADDR:PORT')),
    /** Null: updates aren't signed; the server goes by addresses. */
    tsigKeyFile: z.nullable(absolutePath()),
    /** Null: the key file says it. */
    tsigName: z.nullable(z.string()),
    tsigAlgorithm: z.nullable(z.enum(tsigAlgorithms)),
    ...visibilityShape(),
  });

export type Rfc2136Settings = z.infer<ReturnType<typeof rfc2136Schema>>;
