import { AcmeLedgerError } from '../../errors.ts';
import type { Credentials } from './credentials.ts';
import { ProviderBusy } from './provider-pace.ts';

/** What a vendor's client threw, as its provider reads it. */
export interface VendorFailure {
  kind: 'busy' | 'denied' | 'silent' | 'other';
  /** The vendor's own words. */
  said: string;
  retryAfterMs: number | null;
}

interface Vendor {
  /** As in `Route 53`. */
  title: string;
  /** What the credentials must be allowed, for whoever lacks it. */
  rights: string;
  credentials: Pick<Credentials, 'shown'>;
}

/** The error of a failed request: ProviderBusy, or an AcmeLedgerError `solver`. */
export function vendorError(failure: VendorFailure, vendor: Vendor, cause: unknown): Error {
  const said = vendor.credentials.shown(failure.said);
  switch (failure.kind) {
    case 'busy':
      return new ProviderBusy(`${vendor.title} is asked too often: ${said}`, failure.retryAfterMs, cause);
    case 'denied':
      return new AcmeLedgerError('solver', `${vendor.title} refuses the credentials: ${said}`, {
        hint: `they need ${vendor.rights}`,
        cause,
      });
    case 'silent':
      return new AcmeLedgerError('solver', `${vendor.title} can't be reached: ${said}`, {
        hint: 'see whether this machine reaches its API, and whether it has an outage',
        cause,
      });
    case 'other':
      return new AcmeLedgerError('solver', `${vendor.title} answers: ${said}`, {
        hint: 'nothing is known of this answer: see what the provider says of it',
        cause,
      });
  }
}
