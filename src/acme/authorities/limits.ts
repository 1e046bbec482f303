import type { CaLimits } from '../../ca-limits.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** So that a person who issues by hand isn't locked out by a night of renewals. */
const reserveForIssue = 10;

/** Nothing is known: a CA that publishes no limits, or one that isn't built in. */
export const noLimits: CaLimits = {
  allowances: {
    'new-orders': null,
    'certificates-per-domain': null,
    'certificates-per-set': null,
    'failed-authorizations': null,
    'failures-in-a-row': null,
  },
  countsDeactivations: false,
  pace: { everything: null, newNonce: null, newOrder: null },
  reserveForIssue,
};

/** letsencrypt.org/docs/rate-limits, as of 2026-08. */
export const letsEncryptLimits: CaLimits = {
  allowances: {
    'new-orders': { max: 300, periodMs: 3 * hourMs },
    'certificates-per-domain': { max: 50, periodMs: 7 * dayMs },
    'certificates-per-set': { max: 5, periodMs: 7 * dayMs },
    'failed-authorizations': { max: 5, periodMs: hourMs },
    // A failure is forgiven each day, all of them with a success.
    'failures-in-a-row': { max: 1_152, periodMs: 1_152 * dayMs },
  },
  countsDeactivations: true,
  pace: {
    everything: { perSecond: 250, burst: 125 },
    newNonce: { perSecond: 20, burst: 10 },
    newOrder: { perSecond: 300, burst: 200 },
  },
  reserveForIssue,
};

/** letsencrypt.org/docs/staging-environment, as of 2026-04. Certificates of a domain: 30,000 a second, which is no limit. */
export const letsEncryptStagingLimits: CaLimits = {
  allowances: {
    'new-orders': { max: 1_500, periodMs: 3 * hourMs },
    'certificates-per-domain': null,
    'certificates-per-set': { max: 30_000, periodMs: 7 * dayMs },
    'failed-authorizations': { max: 200, periodMs: hourMs },
    'failures-in-a-row': { max: 3_600, periodMs: 6 * hourMs },
  },
  countsDeactivations: true,
  pace: {
    everything: { perSecond: 20, burst: 20 },
    newNonce: { perSecond: 20, burst: 10 },
    newOrder: { perSecond: 20, burst: 40 },
  },
  reserveForIssue,
};
