import type { Readable } from 'node:stream';

/** The pieces of a stream of bytes, as Node gives them without a type. */
export async function* bytesOf(stream: Readable): AsyncGenerator<Buffer> {
  for await (const piece of stream) {
    const bytes: unknown = piece;
    yield Buffer.isBuffer(bytes) ? bytes : Buffer.from(String(bytes));
  }
}
