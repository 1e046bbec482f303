import { untilAborted } from '../../system/until-aborted.ts';

/** Ends a server and the connections that it holds. */
export type CloseServer = () => Promise<void>;

interface Opening {
  server: Promise<CloseServer>;
  giveUp: AbortController;
}

/**
 * A server that is open as long as it has something to answer. Whoever comes while it is being opened waits for that
 * one attempt and shares its failure; the attempt is given up when nobody waits for it any more.
 */
export class SharedListener<Entry> {
  readonly #entries = new Map<string, Entry>();
  readonly #open: (entries: ReadonlyMap<string, Entry>, signal: AbortSignal) => Promise<CloseServer>;
  #opening: Opening | null = null;
  /** The last close, so that the port is free before it is bound again. */
  #closed: Promise<void> = Promise.resolve();

  constructor(open: (entries: ReadonlyMap<string, Entry>, signal: AbortSignal) => Promise<CloseServer>) {
    this.#open = open;
  }

  /** Answers with `entry` from now on. @throws what the opening throws, or the signal's reason */
  async add(key: string, entry: Entry, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#entries.set(key, entry);
    this.#opening ??= this.#start();
    const { server } = this.#opening;
    try {
      await untilAborted(() => server, signal);
    } catch (error) {
      await this.remove(key);
      throw error;
    }
  }

  /** Closes the server when this was the last entry. */
  async remove(key: string): Promise<void> {
    this.#entries.delete(key);
    const opening = this.#opening;
    if (this.#entries.size > 0 || opening === null) return;
    this.#opening = null;
    opening.giveUp.abort();
    this.#closed = opening.server.then(
      (close) => close(),
      () => undefined,
    );
    await this.#closed;
  }

  #start(): Opening {
    const giveUp = new AbortController();
    const server = this.#closed.then(() => this.#open(this.#entries, giveUp.signal));
    const opening = { server, giveUp };
    server.catch(() => {
      // The next one to come tries again.
      if (this.#opening === opening) this.#opening = null;
    });
    return opening;
  }
}
