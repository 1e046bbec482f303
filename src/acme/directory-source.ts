import type { Clock } from '../clock.ts';
import type { DirectoryCache } from './directory-cache.ts';
import { fetchDirectory } from './directory.ts';
import type { Directory } from './objects/resources.ts';
import type { Transport } from './http/transport.ts';

interface Parts {
  directoryUrl: string;
  transport: Transport;
  clock: Clock;
  cache: DirectoryCache;
  /** The directory, if this run has asked the CA for it already. */
  fresh?: Directory | null;
}

const names = ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange', 'renewalInfo'] as const;

/** The CA's directory: from memory, from disk, from the CA. */
export class DirectorySource {
  readonly #parts: Parts;
  #directory: Directory | null = null;
  /** The age of a cached directory isn't known: an earlier run asked for it. */
  #isFromCache = false;
  #renewal: Promise<Directory | null> | null = null;
  #outdated: Directory | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Null before the directory was got. */
  get current(): Directory | null {
    return this.#directory;
  }

  /** @throws AcmeLedgerError as `fetchDirectory` */
  async get(signal?: AbortSignal): Promise<Directory> {
    const { directoryUrl, transport, clock, cache, fresh = null } = this.#parts;
    if (this.#directory === null && fresh === null) {
      this.#directory = await cache.read(directoryUrl, clock.now());
      this.#isFromCache = this.#directory !== null;
    }
    if (this.#directory === null) {
      this.#directory = fresh ?? (await fetchDirectory(directoryUrl, transport, clock.now(), signal));
      await cache.write(directoryUrl, this.#directory, clock.now());
    }
    return this.#directory;
  }

  /**
   * The new address of a URL of the directory that isn't there any more. A directory from the cache is asked
   * for anew, once a run for all callers; a directory that this run asked for is forgotten, so that the next
   * run asks.
   * @returns null when the URL is still the directory's, or never was
   */
  async movedUrl(url: string): Promise<string | null> {
    const known = this.#outdated ?? this.#directory;
    const name = names.find((each) => known?.[each] === url);
    if (name === undefined) return null;
    if (!this.#isFromCache) {
      await this.#parts.cache.forget(this.#parts.directoryUrl);
      return null;
    }
    const renewed = await (this.#renewal ??= this.#renew());
    const now = renewed?.[name] ?? null;
    return now === url ? null : now;
  }

  async #renew(): Promise<Directory | null> {
    const { directoryUrl, transport, clock, cache } = this.#parts;
    try {
      const renewed = await fetchDirectory(directoryUrl, transport, clock.now());
      [this.#outdated, this.#directory] = [this.#directory, renewed];
    } catch {
      await cache.forget(directoryUrl);
      return null;
    }
    await cache.write(directoryUrl, this.#directory, clock.now());
    return this.#directory;
  }
}
