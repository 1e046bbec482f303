/** A number from 0 up to, but not including, `below`. */
export type Draw = (below: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const ca = 'acme-v02.api.letsencrypt.org';
const at = '2025-06-05 11:38:29,123';

/** How clients write of an authorization, an order or a challenge. */
const mentions: readonly ((path: string) => string)[] = [
  (path) => `${at}:DEBUG:urllib3.connectionpool:https://${ca}:443 "POST ${path} HTTP/1.1" 200 775\n`,
  (path) =>
    `${at}:DEBUG:acme.client:Sending POST request to https://${ca}${path}:\n{\n  "protected": "${protectedOf(path)}",\n  "signature": "c2lnbmVk",\n  "payload": ""\n}\n`,
  (path) =>
    `${at}:DEBUG:acme.client:Received response:\nHTTP 201\nServer: nginx\nLocation: https://${ca}${path}\nReplay-Nonce: 5Xw\n\n`,
  (path) =>
    `[Thu Jun  5 11:38:29 UTC 2025] response='{"status":"pending","url":"https:\\/\\/${ca}${path.replaceAll('/', '\\/')}"}'\n`,
  (path) => `2025/06/05 11:38:29 [INFO] [www.example.org] AuthURL: https://${ca}${path}\n`,
  (path) =>
    `{"level":"info","ts":1749123509.1,"logger":"tls.issuance.acme.acme_client","msg":"trying","authz":"https://${ca}${path}"}\n`,
  (path) => `next=${encodeURIComponent(`https://${ca}${path}`)}&x=1\n`,
];

const paths: readonly ((id: number) => string)[] = [
  (id) => `/acme/authz/2445063657/${500_000_000_000 + id}`,
  (id) => `/acme/order/2445063657/${400_000_000_000 + id}`,
  (id) => `/acme/chall/2445063657/${500_000_000_000 + id}/x-Yz_1`,
];

/** The URL with this number, and text with it in some of its written forms. */
export function mentioned(id: number, draw: Draw): { url: string; text: string } {
  const path = pick(paths, draw)(id);
  const times = 1 + draw(5);
  const text = Array.from({ length: times }, () => pick(mentions, draw)(path)).join('');
  return { url: `https://${ca}${path}`, text };
}

/** What most of a log is. */
const plainLines: readonly ((draw: Draw) => string)[] = [
  (draw) =>
    `203.0.113.${draw(256)} - - [05/Jun/2025:11:38:29 +0000] "GET /shop/${draw(1e6)} HTTP/1.1" 200 ${draw(1e5)} "https://www.example.org/orders/${draw(1e6)}" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"\n`,
  (draw) =>
    `Jun  5 11:38:29 host app[${draw(1e5)}]: request ${draw(1e9)} took ${draw(5000)} ms, cache ${draw(2) === 0 ? 'hit' : 'miss'}\n`,
];

/** URLs that are none of those that are looked for, headers that are no client's, and bytes that are no text. */
const others: readonly ((draw: Draw) => string)[] = [
  () =>
    `${at}:DEBUG:acme.client:Requesting fresh nonce\n${at}:DEBUG:urllib3.connectionpool:https://${ca}:443 "HEAD /acme/new-nonce HTTP/1.1" 200 0\n`,
  () =>
    `Link: <https://${ca}/directory>;rel="index"\nX-Frame-Options: DENY\nStrict-Transport-Security: max-age=604800\n`,
  (draw) =>
    `Authorization: Bearer ${Buffer.from(`{"alg":"HS256","sub":${draw(1e9)}}`).toString('base64url')}.${bytes(24, draw).toString('base64url')}\n`,
  (draw) => `${bytes(200, draw).toString('latin1')}\n`,
];

/** About this many bytes of it. */
export function otherText(length: number, draw: Draw): string {
  let text = '';
  while (text.length < length) text += pick(draw(8) === 0 ? others : plainLines, draw)(draw);
  return text;
}

function protectedOf(path: string): string {
  const header = {
    alg: 'RS256',
    kid: `https://${ca}/acme/acct/2445063657`,
    nonce: '5Xw',
    url: `https://${ca}${path}`,
  };
  return Buffer.from(JSON.stringify(header)).toString('base64url');
}

function bytes(length: number, draw: Draw): Buffer {
  return Buffer.from(Array.from({ length }, () => draw(256)));
}

function pick<T>(list: readonly T[], draw: Draw): T {
  const one = list[draw(list.length)];
  if (one === undefined) throw new RangeError('an empty list');
  return one;
}
