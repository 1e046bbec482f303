/** Wakes all who wait for it at once; each ring is for those who wait then. */
export class Bell {
  #controller = new AbortController();

  /** Aborted by the next ring. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  ring(): void {
    const rung = this.#controller;
    this.#controller = new AbortController();
    rung.abort();
  }
}
