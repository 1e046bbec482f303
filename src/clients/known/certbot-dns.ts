import { isIP } from 'node:net';
import { shellWord } from '../../shell-word.ts';
import type { ClientFile } from '../client-files.ts';
import type { ClientSolver } from '../client-certificate.ts';

interface DnsPlugin {
  /** `dns-cloudflare`, without the package that older versions put before it. */
  plugin: string;
  /** The plugin's own file, as the renewal configuration names it; null where it names none. */
  credentials: string | null;
  beside: ClientFile['beside'];
}

/** How the names of a DNS plugin's certificate are proven from now on, or why they can't be; and what a person should know of it. */
interface TakenOver {
  solver: ClientSolver | null;
  unsolved: string | null;
  notes: string[];
}

/** The renewal configuration's key for the credentials of a plugin: `dns_cloudflare_credentials`. */
export function credentialsKey(plugin: string): string {
  return `${plugin.replaceAll('-', '_')}_credentials`;
}

/**
 * A solver that does what certbot's DNS plugin did, with the same credentials: their file stays where it is, and its path is kept. Null for
 * a plugin that nothing here is like.
 */
export async function dnsPluginSolver({ plugin, credentials, beside }: DnsPlugin): Promise<TakenOver | null> {
  switch (plugin) {
    case 'dns-cloudflare':
      if (credentials === null) return unsolved(`certbot's plugin ${plugin} has no credentials file`);
      return solved(
        { solver: 'cloudflare', challenge: 'dns-01', dnsCredentials: credentials },
        'cloudflare@7',
      );
    case 'dns-google': {
      const file = credentials === null ? {} : { dnsCredentials: credentials };
      return solved({ solver: 'gcloud', challenge: 'dns-01', ...file }, '@google-cloud/dns@5');
    }
    case 'dns-route53':
      return solved({ solver: 'route53', challenge: 'dns-01' }, '@aws-sdk/client-route-53@3');
    case 'dns-rfc2136':
      if (credentials === null) return unsolved(`certbot's plugin ${plugin} has no credentials file`);
      return updates(credentials, await beside(credentials));
    default:
      return null;
  }
}

/** The server is in the file with the key; the key itself stays there and is read when it signs. */
function updates(file: string, text: string | null): TakenOver {
  if (text === null) return unsolved(`its file ${file}, which names the name server, can't be read`);
  const valueOf = (name: string): string | null =>
    new RegExp(`^[ \\t]*dns_rfc2136_${name}[ \\t]*=[ \\t]*["']?([^\\s"']+)`, 'm').exec(text)?.[1] ?? null;
  const server = valueOf('server');
  if (server === null || isIP(server) === 0) {
    return unsolved(`its file ${file} names no name server by its address (dns_rfc2136_server)`);
  }
  const address = isIP(server) === 6 ? `[${server}]` : server;
  const dnsServer = `${address}:${valueOf('port') ?? '53'}`;
  return {
    solver: { solver: 'rfc2136', challenge: 'dns-01', dnsServer, tsigKeyFile: file },
    unsolved: null,
    notes: [],
  };
}

function solved(solver: ClientSolver, npmPackage: string): TakenOver {
  const note = `its solver ${solver.solver} needs a package beside acme-ledger: npm install -g ${shellWord(npmPackage)}`;
  return { solver, unsolved: null, notes: [note] };
}

function unsolved(reason: string): TakenOver {
  return { solver: null, unsolved: reason, notes: [] };
}
