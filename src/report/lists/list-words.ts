/* The words by which lists are asked, checked before anything is opened. */

/**
 * The statuses of certificates: of the first four each has one; the others come on top. `waiting` is due and
 * waits, `due` is worked on by the next `renew`.
 */
export const certificateStatuses = [
  'valid',
  'expired',
  'missing',
  'revoked',
  'paused',
  'due',
  'waiting',
  'failing',
] as const;
export type CertificateStatus = (typeof certificateStatuses)[number];

export const certificateSorts = ['name', 'due', 'ends', 'ca', 'failed'] as const;
export type CertificateSort = (typeof certificateSorts)[number];

export const failingNameStatuses = ['failing', 'suspended'] as const;
export type FailingNameStatus = (typeof failingNameStatuses)[number];

export const nameSorts = ['name', 'failures', 'since', 'next', 'ca'] as const;
export type NameSort = (typeof nameSorts)[number];

/** How a list is asked; what is undefined asks for all. */
export interface ListChoice<Status extends string, Sort extends string> {
  statuses: readonly Status[] | undefined;
  /** A pattern for names: `*` for any text, `?` for one character. */
  nameLike: string | undefined;
  olderThanMs: number | null;
  sort: Sort | undefined;
  limit: number;
}
