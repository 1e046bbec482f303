/** A bell that wakes all waiters at once; each ring is for those who wait then. */
export class Bell {
  #controller = new AbortController();

  /** The signal that the next ring aborts. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  ring(): void {
    const rung = this.#controller;
    this.#controller = new AbortController();
    rung.abort();
  }
}
