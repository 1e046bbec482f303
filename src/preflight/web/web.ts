import { randomBytes } from 'node:crypto';
import type { CheckParts } from '../check-parts.ts';
import type { Addresses } from '../dns/addresses.ts';
import { type Found, found } from '../finding.ts';
import type { Subject } from '../subject.ts';
import { cdnOf } from './cdn.ts';
import { type HttpLook, lookAtHttp } from './http-look.ts';

/** Addresses of one kind that are looked at. */
const mostAddresses = 4;

interface Seen {
  address: string;
  look: HttpLook;
}

/**
 * Looks at port 80 of each address, for a token that nobody has put up.
 * @param isListener the solver itself listens there while an answer is up: nothing need answer now
 */
export async function checkWeb(
  { base }: Subject,
  { ipv4, ipv6 }: Addresses,
  parts: CheckParts,
  { isListener }: { isListener: boolean },
): Promise<Found[]> {
  const path = `/.well-known/acme-challenge/${randomBytes(32).toString('base64url')}`;
  const see = (addresses: readonly string[]): Promise<Seen[]> =>
    Promise.all(
      addresses.slice(0, mostAddresses).map(async (address) => ({
        address,
        look: await lookAtHttp({ host: base, path, address }, parts),
      })),
    );
  const [v4, v6] = await Promise.all([see(ipv4), see(ipv6)]);
  const all = [...v6, ...v4];
  if (v6.some(isUnseen)) parts.machine.noteNoIpv6();
  if (v4.some(isUnseen))
    parts.machine.note('ipv4', 'this machine has no way to IPv4 addresses: they were not looked at');
  const seen = all.filter((each) => !isUnseen(each));
  for (const each of seen) {
    if (isConnected(each) || isRefused(each)) parts.reach.connected += 1;
    else parts.reach.silent.add(each.address);
  }
  if (seen.length === 0) return [];
  if (isListener && seen.every(isRefused)) return [];
  if (!seen.some(isConnected)) return [closed(base, seen)];
  return [...silent(base, v4, v6), ...differences(base, v4, v6), ...answers(base, all)];
}

function isUnseen({ look }: Seen): boolean {
  return look.is === 'unconnected' && look.reason === 'unreachable';
}

function isRefused({ look }: Seen): boolean {
  return look.is === 'unconnected' && look.reason === 'refused';
}

function isConnected({ look }: Seen): boolean {
  return look.is !== 'unconnected';
}

function closed(name: string, seen: readonly Seen[]): Found {
  const where = seen.map(({ address }) => address).join(', ');
  return seen.every(isRefused)
    ? found('port-80-closed', `nothing listens on port 80 of ${name} (${where})`)
    : found('port-80-silent', `port 80 of ${name} (${where}) does not answer this machine`);
}

/** Addresses that can't be connected to, beside others that can. */
function silent(name: string, v4: readonly Seen[], v6: readonly Seen[]): Found[] {
  const dead = (seen: readonly Seen[]): Seen[] =>
    seen.filter((each) => !isConnected(each) && !isUnseen(each));
  const told = ({ look }: Seen): string => ('message' in look ? look.message : '');
  const record = (type: string, { address }: Seen) => ({ name, type, found: [address], wanted: null });
  return [
    ...dead(v6).map((each) =>
      found(
        'aaaa-silent',
        `the IPv6 address ${each.address} of ${name} can not be connected to: ${told(each)}`,
        {
          record: record('AAAA', each),
        },
      ),
    ),
    ...dead(v4).map((each) =>
      found(
        'address-silent',
        `the address ${each.address} of ${name} can not be connected to: ${told(each)}`,
        {
          record: record('A', each),
        },
      ),
    ),
  ];
}

/** What is compared of two answers: bodies and headers of one server differ from request to request. */
function kindOf(look: HttpLook): string {
  if (look.is === 'answered')
    return `${String(look.status)} ${look.hops.map((hop) => new URL(hop).host).join(' ')}`.trim();
  return look.is;
}

function differences(name: string, v4: readonly Seen[], v6: readonly Seen[]): Found[] {
  const connected4 = v4.filter(isConnected);
  const [first, ...others] = connected4;
  if (first === undefined) return [];
  const isOther = ({ look }: Seen): boolean => kindOf(look) !== kindOf(first.look);
  const v4Others = others.filter(isOther).slice(0, 1);
  const v6Others = v6.filter((each) => isConnected(each) && isOther(each)).slice(0, 1);
  const tell = ({ address, look }: Seen): string => `${address} ${inWords(look)}`;
  return [
    ...v6Others.map((each) =>
      found('aaaa-differs', `${name} answers differently by IPv6 and IPv4: ${tell(each)}, ${tell(first)}`, {
        record: { name, type: 'AAAA', found: [each.address], wanted: null },
      }),
    ),
    ...v4Others.map((each) =>
      found('address-differs', `the addresses of ${name} answer differently: ${tell(first)}, ${tell(each)}`),
    ),
  ];
}

function inWords(look: HttpLook): string {
  if (look.is === 'answered') return `answers ${String(look.status)}`;
  if (look.is === 'garbled') return 'answers no HTTP';
  return 'redirects';
}

/** What one answer says by itself, each thing once. */
function answers(name: string, all: readonly Seen[]): Found[] {
  const findings = all.filter(isConnected).flatMap(({ address, look }) => ofOne(name, address, look));
  return findings.filter(({ code }, index) => findings.findIndex((each) => each.code === code) === index);
}

function ofOne(name: string, address: string, look: HttpLook): Found[] {
  const who = `${name} (${address})`;
  switch (look.is) {
    case 'answered':
      return ofAnswer(who, look);
    case 'garbled':
      return [found('port-80-not-http', `${who} answers no HTTP on port 80: ${look.message}`)];
    case 'loop':
      return [
        found(
          'redirect-loop',
          `${who} redirects in a circle, or too often: ${look.hops.slice(0, 3).join(', ')}`,
        ),
      ];
    case 'forbidden-redirect':
      return [found('redirect-forbidden', `${who} redirects to ${look.location.slice(0, 200)}: ${look.why}`)];
    case 'elsewhere':
      return [
        found(
          'redirect-elsewhere',
          `${who} redirects to ${look.location.slice(0, 200)}, which is not looked at from here`,
        ),
      ];
    case 'unconnected':
      return [];
  }
}

function ofAnswer(
  who: string,
  { status, headers, body, hops }: Extract<HttpLook, { is: 'answered' }>,
): Found[] {
  const cdn = cdnOf(headers);
  const host = new URL(hops.at(-1) ?? 'http://none').host;
  const isAway = hops.length > 0 && !who.startsWith(`${host.replace(/:\d+$/, '')} `);
  return [
    ...(isAway ? [found('redirect-elsewhere', `${who} redirects to ${host}: the answer must be there`)] : []),
    ...(status === 401 || status === 403
      ? [found('web-forbids', `${who} answers ${String(status)} below /.well-known/acme-challenge/`)]
      : []),
    ...(status >= 500 ? [found('web-fails', `${who} answers ${String(status)}`)] : []),
    ...(status === 200 && body !== ''
      ? [
          found(
            'web-answers-all',
            `${who} has an answer for a token that nobody put up: "${body.slice(0, 40).trim()}"`,
          ),
        ]
      : []),
    ...(cdn === null ? [] : [found('cdn-in-front', `${cdn} answers for ${who}`)]),
  ];
}
