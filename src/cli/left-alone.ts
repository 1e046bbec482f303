import type { CertificateRow } from '../ledger/schema.ts';
import { warn } from './output.ts';

/** A certificate that is due and isn't worked on, for names of it that failed for too long. */
export interface LeftAlone {
  certificate: Pick<CertificateRow, 'name' | 'names'>;
  names: readonly string[];
}

const shownMost = 5;

/** Tells a person who asked for these certificates why nothing happens. */
export function tellLeftAlone(leftAlone: readonly LeftAlone[]): void {
  for (const { certificate, names } of leftAlone) {
    const shown = names.slice(0, shownMost).join(' ');
    const more = names.length > shownMost ? ` and ${String(names.length - shownMost)} more` : '';
    const isAll = names.length === (JSON.parse(certificate.names) as string[]).length;
    warn(
      `${certificate.name} is due and left alone: ${shown}${more} failed for so long that no order names them`,
      `once mended: acme-ledger name resume ${shown}${isAll ? '' : '; --on-failed-name drop goes on without them'}`,
    );
  }
}
