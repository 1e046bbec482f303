import { describe, expect, it } from 'vitest';
import { parseAuthorization } from '../../../src/acme/objects/authorization.ts';
import { parseChain } from '../../../src/acme/objects/certificate-chain.ts';
import { parseDirectory } from '../../../src/acme/directory.ts';
import { jsonOrText } from '../../../src/acme/http/json-or-text.ts';
import { linkedUrls } from '../../../src/acme/objects/links.ts';
import { parseOrder } from '../../../src/acme/objects/order.ts';
import { answerError } from '../../../src/acme/objects/problems.ts';
import { errorRecord } from '../../../src/errors.ts';

const longest = 4 * 1024 * 1024; // what the transport takes of one answer
const headers = 16 * 1024; // what node takes of the headers of one

/** Signals and the other orders of the run wait for as long. In CPU time, and ten times what is aimed at: the machine is busy. */
const bearableMs = 500;

function filled(piece: string, length = longest): string {
  return piece.repeat(Math.floor(length / piece.length));
}

/** Time of other threads, as the garbage collector's, counts, too: one of ten times is to be bearable. */
function isQuick(act: () => unknown): void {
  let quickestMs = Infinity;
  for (let times = 0; times < 10 && quickestMs >= bearableMs; times += 1)
    quickestMs = Math.min(quickestMs, cpuMsOf(act));
  expect(quickestMs).toBeLessThan(bearableMs);
}

function cpuMsOf(act: () => unknown): number {
  const begun = process.cpuUsage();
  try {
    act();
  } catch {
    // Refused is as good as read.
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

const message = (data: unknown) =>
  errorRecord(answerError({ status: 500, headers: {}, data }, 'to do it', new Date(0)));

describe('an answer of four megabytes does not block the process', () => {
  it.each(['<', '<a', ' ', '\n ', 'a ', '"', '\u0001', '<!--'])('as a page of %j', (piece) => {
    const page = filled(piece);
    isQuick(() => message(page));
  });

  it.each(['\u0001', 'x'.repeat(500) + ' ', 'account.', '/unpause?jwt=', 'retry after ', '"'])(
    'as a problem that says %j',
    (piece) => {
      const [detail, type] = [filled(piece), 'urn:ietf:params:acme:error:unauthorized'];
      isQuick(() => message({ type, detail, subproblems: [{ type, detail }] }));
    },
  );

  it.each(['[', '[],', '{"a":', '{"a":1},', '[[[[]]]],'])('as JSON of %j', (piece) => {
    const body = Buffer.from(`[${filled(piece)}1]`);
    isQuick(() => jsonOrText(body));
    isQuick(() => jsonOrText(Buffer.from(filled(piece))));
  });

  it('as an order, an authorization, a directory with as much in them as there is room for', () => {
    const urls = Array.from({ length: longest / 40 }, (_, index) => `https://ca.test/${index}`);
    const identifier = { type: 'dns', value: filled('é', 100_000) };
    const order = { status: 'pending', finalize: urls[0], authorizations: urls };
    isQuick(() =>
      parseOrder({ ...order, identifiers: urls.map((value) => ({ type: 'dns', value })) }, urls[0]!),
    );
    const challenges = urls.map((url) => ({ type: filled('\u0001', 9_000), url }));
    isQuick(() => parseAuthorization({ status: 'pending', identifier, challenges }, urls[0]!));
    const profiles = Object.fromEntries(urls.map((url) => [url, '\u0001']));
    isQuick(() =>
      parseDirectory({ newNonce: urls[0], newAccount: urls[0], newOrder: urls[0], meta: { profiles } }),
    );
  });

  it.each([
    ' ',
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN CERTIFICATE-----MIIA\n-----END CERTIFICATE-----\n',
  ])('as a chain of %j', (piece) => {
    const chain = filled(piece);
    isQuick(() => parseChain(chain));
  });

  it.each(['<', ',', ' ', ',  <', '<a>;', '<a>; rel="', ';rel ', '<a>;\t\t'])(
    'with a Link header of %j',
    (piece) => {
      const link = filled(piece, headers);
      isQuick(() => linkedUrls({ headers: { link } }, 'next', 'https://ca.test/'));
    },
  );
});

describe('a Link header', () => {
  it.each([
    ['</next>;rel="next"', ['https://ca.test/next']],
    [
      '<https://ca.test/index>;rel=index, <https://ca.test/2>; title="a, b" ; rel=next',
      ['https://ca.test/2'],
    ],
    ['<https://ca.test/a>; rel="up next", <https://ca.test/a>;rel="next"', ['https://ca.test/a']],
    ['<https://ca.test/a>; rel="nextish"', []],
  ])('%s', (link, urls) => {
    expect(linkedUrls({ headers: { link } }, 'next', 'https://ca.test/')).toEqual(urls);
  });
});
