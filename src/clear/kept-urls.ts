import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { FoundIn } from '../ledger/authorizations/foreign-authorizations.ts';

/** What a log named. */
export interface FoundUrl extends FoundIn {
  url: string;
  /** What stands in the log, where `url` may be less than the CA wrote: asked for when the CA has no `url`. */
  written?: string;
  /** As far as its words tell: a challenge is asked for after all else. What it really is, the CA's answer says. */
  resource: 'authorization' | 'order' | 'challenge';
}

/** Where it was found, for what it leads to. */
export function placeOf({ client, file, loggedAt, fileWrittenAt = null }: FoundUrl): FoundIn {
  return { client, file, loggedAt, fileWrittenAt };
}

const packedAtOnce = 250;

/** URLs that wait for others, in the order in which they came. There may be hundreds of thousands: packed they take a tenth of the memory. */
export class KeptUrls {
  readonly #packed: Buffer[] = [];
  #loose: FoundUrl[] = [];

  push(found: FoundUrl): void {
    this.#loose.push(found);
    if (this.#loose.length < packedAtOnce) return;
    this.#packed.push(deflateRawSync(JSON.stringify(this.#loose)));
    this.#loose = [];
  }

  /** In pieces. */
  *pieces(): Generator<readonly FoundUrl[]> {
    for (const bytes of this.#packed) yield JSON.parse(inflateRawSync(bytes).toString('utf8')) as FoundUrl[];
    yield this.#loose;
  }
}
