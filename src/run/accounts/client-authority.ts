import type { Authority } from '../../acme/authorities/authorities.ts';
import { authorityAtHost, authorityOf } from '../../acme/authorities/authorities.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import type { CommandContext } from '../run-context.ts';

/** The CA's server as a client's files tell it. */
interface ClientServer {
  client: string;
  directoryUrl: string | null;
  serverHost: string | null;
}

/**
 * The CA that a client's account or certificate belongs to. With an explicit `--ca`: that CA where the server
 * isn't known, `elsewhere` where it is known to be another. A host alone stands for the configured CA, or for
 * a built-in one.
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
