import { factsOf, parseChain } from './certificate.ts';

export interface ChainChoice<Chain> {
  chain: Chain;
  /** False when a chain was wanted that the CA doesn't offer; `chain` is the CA's default then. */
  found: boolean;
}

/**
 * The chain that ends at the certificate named `wanted`, out of those that the CA offers, its default first
 * (RFC 8555 §7.4.2). Of several it is the first whose topmost issuer has that common name, as with certbot
 * and lego; else the first in which any certificate or issuer has that name.
 * @throws AcmeLedgerError `store` when a chain can't be read
 */
export function chooseChain<Chain extends { pem: string }>(
  chains: readonly [Chain, ...Chain[]],
  wanted: string | null,
): ChainChoice<Chain> {
  if (wanted === null) return { chain: chains[0], found: true };
  const named = chains.map((chain) => ({ chain, names: commonNames(chain.pem) }));
  const chosen =
    named.find(({ names }) => names.at(-1) === wanted) ?? named.find(({ names }) => names.includes(wanted));
  return chosen === undefined ? { chain: chains[0], found: false } : { chain: chosen.chain, found: true };
}

/** Common names from the leaf's issuer up to the topmost issuer. The leaf's own is no chain's name. */
function commonNames(pem: string): string[] {
  return parseChain(pem).flatMap((certificate) => factsOf(certificate).issuerCommonName ?? []);
}
