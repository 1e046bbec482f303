import type { Guard } from '../../src/acme/session.ts';

/** A request that anybody may send, as far as a test goes. */
export const freely: Guard = { assertAllowed: () => Promise.resolve() };
