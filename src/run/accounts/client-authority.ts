import type { Authority } from '../../acme/authorities/authorities.ts';
import { authorityAtHost, authorityOf } from '../../acme/authorities/authorities.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import type { CommandContext } from '../run-context.ts';

/** What a client's files tell of a server. */
interface ClientServer {
  client: string;
  directoryUrl: string | null;
  serverHost: string | null;
}

/**
 * The CA of something that a client has. An explicit `--ca` is the CA of all of whose server nothing is known, and what is known to be
 * at another one is `elsewhere` then. A host alone is that of the configured CA, or of one that is built in.
 * @throws AcmeLedgerError `usage` where nothing tells the CA
 */
export function authorityOfClient(
  { settings }: CommandContext,
  { directoryUrl, serverHost, client }: ClientServer,
): Authority | 'elsewhere' {
  const own = authorityOf(settings.ca);
  const named = directoryUrl === null ? null : authorityOf(directoryUrl);
  const isOwn =
    named === null ? serverHost === new URL(own.directoryUrl).host : named.directoryUrl === own.directoryUrl;
  if (settings.caGiven) return isOwn || (named === null && serverHost === null) ? own : 'elsewhere';
  const known = named ?? (isOwn ? own : serverHost === null ? null : authorityAtHost(serverHost));
  if (known !== null) return known;
  const only = serverHost === null ? '' : `, only its host ${printable(serverHost)}`;
  throw new AcmeLedgerError('usage', `${client}'s files don't tell the directory URL of its CA${only}`, {
    hint: 'name the CA with --ca NAME|URL',
  });
}
