/**
 * Lets all promises come to their end, so that nothing works on behind a failure, with a ledger and a session
 * that are closed by then.
 * @throws the first error, in the order given
 */
export async function allOrFirstError<T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
