const dayMs = 24 * 60 * 60 * 1000;
const shortLifeMs = 10 * dayMs;

/**
 * When a certificate should be renewed if the CA doesn't say: with a third of its life left, or half for
 * lives under ten days (the integration guide of Let's Encrypt).
 */
export function renewalDueAt(notBefore: Date, notAfter: Date): Date {
  const lifeMs = notAfter.getTime() - notBefore.getTime();
  const leftMs = lifeMs < shortLifeMs ? lifeMs / 2 : lifeMs / 3;
  return new Date(notAfter.getTime() - Math.round(leftMs));
}
