import type { Clock } from '../clock.ts';
import type { DirectoryCache } from './directory-cache.ts';
import { fetchDirectory } from './directory.ts';
import type { Directory } from './resources.ts';
import type { Transport } from './transport.ts';

interface Parts {
  directoryUrl: string;
  transport: Transport;
  clock: Clock;
  cache: DirectoryCache;
}

/** The CA's directory: from memory, from disk, from the CA. */
export class DirectorySource {
  readonly #parts: Parts;
  #directory: Directory | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws AcmeLedgerError as `fetchDirectory` */
  async get(signal?: AbortSignal): Promise<Directory> {
    const { directoryUrl, transport, clock, cache } = this.#parts;
    this.#directory ??= await cache.read(directoryUrl, clock.now());
    if (this.#directory === null) {
      this.#directory = await fetchDirectory(directoryUrl, transport, clock.now(), signal);
      await cache.write(directoryUrl, this.#directory, clock.now());
    }
    return this.#directory;
  }

  /** So that the next run asks the CA again: what this one had may be out of date. */
  forget(): Promise<void> {
    return this.#parts.cache.forget(this.#parts.directoryUrl);
  }
}
