import { type SecureContext, createSecureContext } from 'node:tls';

const contexts = new Map<string, SecureContext>();

/** Trust in these roots (PEM). Reading them takes longer than a request, so it is done once. */
export function trustIn(ca: string): SecureContext {
  const context = contexts.get(ca) ?? createSecureContext({ ca });
  contexts.set(ca, context);
  return context;
}
