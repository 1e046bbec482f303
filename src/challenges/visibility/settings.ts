import * as z from 'zod/mini';
import { parseServerAddress } from '../../system/socket-address.ts';
import { between } from '../setting-schemas.ts';

/** How many name servers of a zone must answer: `most` is more than half of them. One that answers without the record is always waited for. */
export type DnsQuorum = z.infer<ReturnType<typeof quorum>>;

const quorum = () => z.union([z.enum(['all', 'most']), between(1, 20)]);

/** The part of a solver's settings that says how its TXT records are looked for. Rows of earlier versions lack the later keys. */
export const visibilityShape = () => ({
  /** How long dns-01 waits for the name servers to show the value; 0 doesn't look. */
  propagationTimeoutSeconds: between(0, 86_400),
  /** `ADDR:PORT` of the one name server to ask instead of the zone's own. */
  resolver: z.nullable(
    z.string().check(z.refine((text) => parseServerAddress(text, 53) === text, 'must be ADDR:PORT')),
  ),
  /** Looks in a row that must find the value at every server. */
  dnsRounds: z._default(between(1, 20), 3),
  dnsQuorum: z._default(quorum(), 'all'),
});

export interface VisibilitySettings {
  propagationTimeoutSeconds: number;
  resolver: string | null;
  dnsRounds: number;
  dnsQuorum: DnsQuorum;
}
