import { parseDuration } from '../../duration.ts';
import { printable } from '../../printable.ts';
import { parseServerAddress } from '../../system/socket-address.ts';
import type { CheckedOptions } from '../solver-kind.ts';
import { type OptionPlace, usage } from '../solver-option.ts';
import type { DnsQuorum, VisibilitySettings } from './settings.ts';

/** The options of every solver that answers dns-01: how its TXT records are looked for. A solver spreads them behind its own. */
export const visibilityOptions = {
  propagationTimeout: {
    placeholder: 'DURATION',
    help: 'dns-01: how long to wait for the name servers; 0 does not look',
    kind: 'duration',
    isShared: true,
    check: checkedTimeout,
  },
  resolver: {
    placeholder: 'ADDR:PORT',
    help: "dns-01: look there instead of at the zone's name servers",
    kind: 'text',
    isShared: true,
    check: checkedResolver,
  },
  dnsRounds: {
    placeholder: 'N',
    help: 'dns-01: looks in a row that must find the record everywhere (default: 3)',
    kind: 'text-or-number',
    isShared: true,
    check: checkedRounds,
  },
  dnsQuorum: {
    placeholder: 'N|most|all',
    help: 'dns-01: name servers that must answer (default: all)',
    kind: 'text-or-number',
    isShared: true,
    check: checkedQuorum,
  },
} as const;

/** The shared part of a solver's settings, from its checked options. */
export function visibilityFrom(values: CheckedOptions<typeof visibilityOptions>): VisibilitySettings {
  return {
    propagationTimeoutSeconds: values.propagationTimeout,
    resolver: values.resolver,
    dnsRounds: values.dnsRounds,
    dnsQuorum: values.dnsQuorum,
  };
}

/** The words of a command line that give the shared part again. */
export function visibilityWords(settings: VisibilitySettings): string[] {
  return [
    '--propagation-timeout',
    `${String(settings.propagationTimeoutSeconds)}s`,
    ...(settings.resolver === null ? [] : ['--resolver', settings.resolver]),
    ...(settings.dnsRounds === checkedRounds() ? [] : ['--dns-rounds', String(settings.dnsRounds)]),
    ...(settings.dnsQuorum === checkedQuorum() ? [] : ['--dns-quorum', String(settings.dnsQuorum)]),
  ];
}

const maxSeconds = 86_400;
/** The time that lego waits: EXEC_PROPAGATION_TIMEOUT of its exec provider. */
const usualSeconds = 60;

function checkedTimeout(given: string | undefined, { flag }: OptionPlace): number {
  if (given === undefined) return usualSeconds;
  const seconds = parseDuration(given, flag) / 1000;
  if (seconds >= 0 && seconds <= maxSeconds) return seconds;
  throw usage(
    `${flag} "${printable(given)}" isn't a duration from 0 s to a day`,
    'as in 90s, 2m or 1h; 0 does not look',
  );
}

function checkedResolver(given: string | undefined): string | null {
  if (given === undefined) return null;
  const address = parseServerAddress(given, 53);
  if (address !== null) return address;
  throw usage(
    `--resolver "${printable(given)}" isn't ADDR[:PORT]`,
    'give the IP address of a name server, as in 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53',
  );
}

function checkedRounds(given = '3'): number {
  const count = /^[0-9]{1,2}$/.test(given) ? Number(given) : Number.NaN;
  if (count >= 1 && count <= 20) return count;
  throw usage(
    `--dns-rounds "${printable(given)}" isn't a number from 1 to 20`,
    '3 is enough for most; more for name servers that stand behind a load balancer',
  );
}

function checkedQuorum(given = 'all'): DnsQuorum {
  if (given === 'all' || given === 'most') return given;
  const count = /^[0-9]{1,2}$/.test(given) ? Number(given) : Number.NaN;
  if (count >= 1 && count <= 20) return count;
  throw usage(
    `--dns-quorum "${printable(given)}" isn't all, most or a number from 1 to 20`,
    'name servers that must answer and show the record; those beyond them may be unreachable, but none that answers may lack it',
  );
}
