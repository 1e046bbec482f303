import * as z from 'zod/mini';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { secretFile } from '../credentials.ts';

const account = z.object({
  fulldomain: z.string(),
  subdomain: z.string(),
  username: z.string(),
  password: z.string(),
  /** The server that has the account; lego's older files lack it. */
  server_url: z.optional(z.string()),
});
const accounts = z.record(z.string(), account);

/** What an acme-dns server gave at its registration. */
export type AcmeDnsAccount = z.infer<typeof account>;

/**
 * The accounts by domain, as lego, acme-dns-client and other users of goacmedns keep them.
 * @throws AcmeLedgerError `bad-file`
 */
export async function accountsIn(file: string): Promise<ReadonlyMap<string, AcmeDnsAccount>> {
  const parsed = accounts.safeParse(jsonOf(await secretFile(file)));
  if (parsed.success) return new Map(Object.entries(parsed.data));
  throw new AcmeLedgerError('bad-file', `${printable(file)} has no acme-dns accounts by domain`, {
    hint: 'as lego writes it: {"example.com":{"fulldomain":…,"subdomain":…,"username":…,"password":…,"server_url":…}}',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
