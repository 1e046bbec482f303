import { expect } from 'vitest';

/* vitest's own matchers, which are typed `any`, as what they are: something to compare with. */

export const anyText: unknown = expect.any(String);
export const anyNumber: unknown = expect.any(Number);

export function text(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

export function textWith(part: string): unknown {
  return expect.stringContaining(part);
}

export function like(object: object): unknown {
  return expect.objectContaining(object as Record<string, unknown>);
}

export function listWith(elements: unknown[]): unknown {
  return expect.arrayContaining(elements);
}
