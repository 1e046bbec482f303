/** Ports and servers as they are seen from here; for a CA they are 53, 80 and 443. */
export interface CheckView {
  /** `ADDR:PORT` of the resolvers that are asked about names, the next one when one is silent. */
  resolvers: readonly string[];
  /** `ADDR:PORT` of the one server where TXT records are looked for once they are up; null for the zones' own. */
  answerResolver: string | null;
  /** The port of the zones' own name servers. */
  authorityPort: number;
  httpPort: number;
  tlsPort: number;
  /** How long one address may take to answer. */
  answerTimeoutMs: number;
  /** How long a resolver may take for one try, which asks others. */
  resolverTimeoutMs: number;
  /** How long a zone's own name server may take for one try. */
  serverTimeoutMs: number;
}
