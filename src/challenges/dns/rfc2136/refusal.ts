import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import type { Rfc2136Settings } from './settings.ts';
import type { TsigKey } from './tsig-key.ts';

interface Update {
  name: string;
  zone: string;
  settings: Rfc2136Settings;
  key: TsigKey | null;
}

interface Cause {
  /** Found in what nsupdate says. */
  pattern: RegExp;
  message: (update: Update) => string;
  hint: (update: Update) => string;
}

/** What can go wrong, as nsupdate tells it, the more telling signs first: a bad key ends with NOTAUTH, too. */
const causes: readonly Cause[] = [
  {
    pattern: /BADTIME|clocks are unsynchronized/i,
    message: ({ settings }) =>
      `the clocks of this machine and of the name server ${settings.dnsServer} differ by more than TSIG allows (BADTIME)`,
    hint: () => 'set both by NTP: timedatectl status; five minutes are too much',
  },
  {
    pattern: /BADKEY|unknown key|key is unknown/i,
    message: ({ settings, key }) =>
      `the name server ${settings.dnsServer} doesn't know the TSIG key ${keyOf(key)} (BADKEY)`,
    hint: ({ settings }) =>
      `compare name and algorithm with its configuration${fileOf(settings)}; --tsig-name and --tsig-algorithm go before the file`,
  },
  {
    pattern: /BADSIG|BADTRUNC|verify failure|signature failed/i,
    message: ({ settings, key }) =>
      `the name server ${settings.dnsServer} has another secret for the TSIG key ${keyOf(key)} (BADSIG)`,
    hint: ({ settings }) => `copy the secret anew from its configuration${fileOf(settings)}`,
  },
  {
    pattern: /\bNOTZONE\b/,
    message: ({ name, zone, settings }) =>
      `${name} isn't in the zone ${zone} of the name server ${settings.dnsServer} (NOTZONE)`,
    hint: () => 'see whether the name is delegated to another zone',
  },
  {
    pattern: /\bNOTAUTH\b/,
    message: ({ zone, settings }) =>
      `the name server ${settings.dnsServer} isn't the primary of the zone ${zone}, or refuses the key (NOTAUTH)`,
    hint: () => "give the primary with --dns-server: the zone's SOA record names it",
  },
  {
    pattern: /\bYXRRSET\b/,
    message: ({ name, settings }) =>
      `${name} is an alias (CNAME) at the name server ${settings.dnsServer}, and nothing can be beside it`,
    hint: () => 'remove the CNAME, or let it lead to a zone that takes updates',
  },
  {
    pattern: /\bREFUSED\b/,
    message: ({ name, settings, key }) =>
      `the name server ${settings.dnsServer} refuses updates of ${name} ${key === null ? 'that no key signs' : `by the TSIG key ${keyOf(key)}`} (REFUSED)`,
    hint: ({ name, key }) =>
      key === null
        ? 'sign them with --tsig-key-file FILE, or let the server take updates from this machine'
        : `let the key edit this one record; for BIND: update-policy { grant ${keyOf(key)} name ${name}. TXT; };`,
  },
  {
    pattern: /\bNOTIMP\b/,
    message: ({ settings }) => `the name server ${settings.dnsServer} takes no updates (NOTIMP)`,
    hint: () => 'give the primary of the zone; PowerDNS needs dnsupdate=yes',
  },
  {
    pattern: /timed out|timeout/i,
    message: ({ settings }) => `the name server ${settings.dnsServer} doesn't answer to the update`,
    hint: () => 'see whether it runs, and whether UDP and TCP get there',
  },
  {
    pattern: /connection refused|unreachable/i,
    message: ({ settings }) => `the name server ${settings.dnsServer} can't be reached for the update`,
    hint: () => 'see whether it runs, and whether UDP and TCP get there',
  },
  {
    pattern: /\bSERVFAIL\b/,
    message: ({ zone, settings }) =>
      `the name server ${settings.dnsServer} failed at the update of ${zone} (SERVFAIL)`,
    hint: () => 'its log says why; often it may not write its journal or the zone file',
  },
];

/** An update that wasn't done, in plain words. @param said what nsupdate printed */
export function refusalError(said: string, update: Update): AcmeLedgerError {
  const known = causes.find(({ pattern }) => pattern.test(said));
  if (known !== undefined) {
    return new AcmeLedgerError('solver', known.message(update), { hint: known.hint(update) });
  }
  return new AcmeLedgerError(
    'solver',
    `the name server ${update.settings.dnsServer} didn't take the update of ${update.name}: ${shown(said, update.key)}`,
    { hint: 'its log says more' },
  );
}

function keyOf(key: TsigKey | null): string {
  return key?.name ?? '?';
}

function fileOf({ tsigKeyFile }: Rfc2136Settings): string {
  return tsigKeyFile === null ? '' : `: the key is from ${printable(tsigKeyFile)}`;
}

/** What nsupdate says of a script that it can't read may have the secret in it. */
function shown(said: string, key: TsigKey | null): string {
  const text = key === null ? said : said.replaceAll(key.secret, '***');
  return printable(text.trim().replaceAll(/\s+/g, ' ').slice(0, 300));
}
