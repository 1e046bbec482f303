const keptOutputBytes = 64 * 1024;

/** The last 64 KiB of what a process writes. */
export class OutputTail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // The chunks are joined only when there is twice as much as is kept, so that many small ones don't cost a
    // copy each.
    if (this.#bytes > 2 * keptOutputBytes) this.#cut();
  }

  text(): string {
    this.#cut();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #cut(): void {
    const kept = Buffer.from(Buffer.concat(this.#chunks).subarray(-keptOutputBytes));
    this.#chunks = [kept];
    this.#bytes = kept.length;
  }
}
