import { join } from 'node:path';
import type { Authority } from '../acme/authorities/authorities.ts';
import type { SessionOptions } from '../acme/open-session.ts';
import { userAgentOf } from '../acme/http/transport.ts';
import type { CommandContext } from './run-context.ts';
import { version } from '../version.ts';

/** How requests to a CA are sent. */
export function sessionOptions(
  context: CommandContext,
  authority: Authority,
): Omit<SessionOptions, 'accountKeyPem'> {
  return {
    directoryUrl: authority.directoryUrl,
    caPem: context.settings.caPem ?? undefined,
    cacheDir: join(context.settings.stateDir, 'cache'),
    userAgent: userAgentOf(version),
    onRequest: (entry) => {
      context.log.debug(entry, 'request');
    },
    onOtherHost: (host) => {
      context.log.info(
        { ca: authority.directoryUrl, host },
        'the CA names a host beside that of its directory',
      );
    },
    signal: context.stops.work,
    takeTurn: context.takeTurn,
  };
}
