/** After so many answers in a row that were something else, an address shows this machine its own page for all names. */
const elseInARow = 3;

/** What a run has learned of the addresses that it asked for http-01 tokens. */
export class SeenAddresses {
  readonly #isOwn: (address: string) => boolean;
  readonly #right = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #silent = new Set<string>();
  readonly #else = new Map<string, number>();

  /** @param isOwn whether the address is one of this machine's interfaces */
  constructor(isOwn: (address: string) => boolean) {
    this.#isOwn = isOwn;
  }

  /** Whether this machine sees there what the CA sees: the address is its own, or gave a token of this run. */
  isKnown(address: string): boolean {
    return this.#isOwn(address) || this.#right.has(address);
  }

  /** Not asked are addresses that cost a wait and say nothing. */
  isAsked(address: string): boolean {
    if (this.#silent.has(address)) return false;
    return this.isKnown(address) || (this.#else.get(address) ?? 0) < elseInARow;
  }

  hasAnswered(address: string): boolean {
    return this.#answered.has(address);
  }

  noteAnswered(address: string): void {
    this.#answered.add(address);
  }

  noteRight(address: string): void {
    this.#right.add(address);
  }

  noteSilent(address: string): void {
    this.#silent.add(address);
  }

  noteElse(address: string): void {
    this.#else.set(address, (this.#else.get(address) ?? 0) + 1);
  }
}
