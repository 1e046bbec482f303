import type { Command } from 'commander';

/** The options of every command; `settings/` checks them and adds environment and configuration file. */
export function addGlobalOptions(program: Command): void {
  program
    .option('--config <FILE>', 'configuration (YAML)')
    .option('--state-dir <DIR>', 'keys, certificates and the SQLite ledger')
    .option('--ledger <URL>', 'sqlite:FILE')
    .option(
      '--as-other-user',
      "let root work in another user's state directory, whose hooks run as root then",
    )
    .option('--ca <NAME|URL>', 'a built-in CA or a directory URL (default: letsencrypt)')
    .option('--rehearsal-ca <NAME|URL>', 'where --rehearse goes for a CA whose staging is not built in')
    .option('--fallback-ca <NAME|URL>', 'where a certificate is ordered that can not wait for its own CA')
    .option('--ca-file <PEM>', "one more trust root for the CA's own HTTPS")
    .option('--email <ADDR>', 'contact for the first registration')
    .option('--agree-tos', "agree to the CA's terms of service")
    .option('--eab-kid <KID>', 'external account binding: key identifier')
    .option('--eab-hmac-key-file <FILE>', 'external account binding: file with the MAC key, base64url')
    .option(
      '--max-pending <N>',
      "the gate's threshold: authorizations open at once on the account (default: 250)",
    )
    .option(
      '--on-unsubmitted <POLICY>',
      'what becomes of a pending authorization whose challenge was never submitted: deactivate or resume',
    )
    .option(
      '--on-failed-name <POLICY>',
      'what becomes of a certificate when names fail: fail, or drop them (default: fail; renew drops them late)',
    )
    .option('--suspend-after <DURATION>', 'order no name that has been failing for so long (default: 10d)')
    .option(
      '--probe-every <DURATION>',
      'look so often without the CA whether a name was mended, or never (default: 1h)',
    )
    .option('--probe-resolver <ADDR[:PORT]>', 'the resolver of these probes')
    .option('--probe-http-port <N>', 'where these probes expect http-01 (default: 80)')
    .option('--probe-tls-port <N>', 'where these probes expect tls-alpn-01 and HTTPS (default: 443)')
    .option('--name-hook <CMD>', 'run CMD name-failing|name-suspended|name-recovered NAME')
    .option('--json', 'results as JSON on stdout')
    .option('-v, --verbose', 'say more; twice: every request', (_value, before: number) => before + 1, 0)
    .option('-q, --quiet', 'say only errors')
    .option('--log-format <FORMAT>', 'pretty or json')
    .option('--log-file <FILE>', 'log there instead of to stderr')
    .option('--no-progress', 'no progress bar on a terminal');
}
