import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { ProbeSettings } from '../settings/probe-settings.ts';
import { parseServerAddress } from '../system/socket-address.ts';
import type { CheckView } from './seen-from-here.ts';
import { systemResolvers } from './dns/resolver.ts';

/** Boulder waits for as long for a web server. */
const answerTimeoutMs = 10_000;
const resolverTimeoutMs = 5_000;
const serverTimeoutMs = 2_000;

/**
 * The servers and ports of a check: as probes see them, and with a resolver of its own.
 * @param resolver `--check-resolver` @throws AcmeLedgerError `usage`
 */
export function checkView({ view }: Pick<ProbeSettings, 'view'>, resolver: string | undefined): CheckView {
  const given = resolver === undefined ? null : parseServerAddress(resolver, 53);
  if (resolver !== undefined && given === null)
    throw new AcmeLedgerError('usage', `--check-resolver "${printable(resolver)}" isn't ADDR[:PORT]`, {
      hint: 'give the IP address of a validating resolver, as in 9.9.9.9 or [2620:fe::fe]:53',
    });
  const chosen = given ?? view.resolver;
  return {
    resolvers: chosen === null ? systemResolvers() : [chosen],
    answerResolver: view.resolver,
    authorityPort: 53,
    httpPort: view.httpPort,
    tlsPort: view.tlsPort,
    answerTimeoutMs,
    resolverTimeoutMs,
    serverTimeoutMs,
  };
}
