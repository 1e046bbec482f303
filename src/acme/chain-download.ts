import type { HttpResponse } from 'acme-client/src/http.js';
import { parseChain } from './objects/certificate-chain.ts';
import { linkedUrls } from './objects/links.ts';
import type { Chain } from './objects/resources.ts';

const maxAlternates = 10; // Pebble makes as many as it is told; public CAs have two or three

/**
 * The certificate's chain, and with `alternates` the other chains that its answer links to (RFC 8555 §7.4.2).
 * @param get POST-as-GET of one chain
 */
export async function chainsAt(
  url: string,
  { alternates }: { alternates: boolean },
  get: (url: string) => Promise<HttpResponse>,
): Promise<Chain[]> {
  const first = await get(url);
  const others = alternates ? linkedUrls(first, 'alternate', url).filter((each) => each !== url) : [];
  const chains = [{ url, pem: parseChain(first.data) }];
  for (const other of others.slice(0, maxAlternates)) {
    chains.push({ url: other, pem: parseChain((await get(other)).data) });
  }
  return chains;
}
