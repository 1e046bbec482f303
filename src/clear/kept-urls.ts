import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { FoundIn } from '../ledger/authorizations/foreign-authorizations.ts';

/** The place where a URL was found. URLs are kept as JSON, so the times are text (RFC 3339). */
interface Place {
  client: string | null;
  file: string;
  loggedAt: string | null;
  fileWrittenAt?: string | null;
}

/** A URL that a log named. */
export interface FoundUrl extends Place {
  url: string;
  /** The text in the log, where `url` may be less than the CA wrote: asked for when the CA has no `url`. */
  written?: string;
  /**
   * The kind of resource, as far as the URL's words tell: a challenge is asked for after all else. The CA's
   * answer shows the real kind.
   */
  resource: 'authorization' | 'order' | 'challenge';
}

/** The place where a URL was found, for the authorizations that it leads to. */
export function placeOf({ client, file, loggedAt, fileWrittenAt = null }: FoundUrl): Place {
  return { client, file, loggedAt, fileWrittenAt };
}

/** The place of a URL as the ledger has it. */
export function foundInOf({ client, file, loggedAt, fileWrittenAt = null }: FoundUrl): FoundIn {
  return { client, file, loggedAt: timeOf(loggedAt), fileWrittenAt: timeOf(fileWrittenAt) };
}

function timeOf(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

const packedAtOnce = 250;

/**
 * URLs that wait until others are dealt with, in the order in which they came. There may be hundreds of
 * thousands: packed they take a tenth of the memory.
 */
export class KeptUrls {
  readonly #packed: Buffer[] = [];
  #loose: FoundUrl[] = [];

  push(found: FoundUrl): void {
    this.#loose.push(found);
    if (this.#loose.length < packedAtOnce) return;
    this.#packed.push(deflateRawSync(JSON.stringify(this.#loose)));
    this.#loose = [];
  }

  /** The URLs, in pieces. */
  *pieces(): Generator<readonly FoundUrl[]> {
    for (const bytes of this.#packed) yield JSON.parse(inflateRawSync(bytes).toString('utf8')) as FoundUrl[];
    yield this.#loose;
  }
}
