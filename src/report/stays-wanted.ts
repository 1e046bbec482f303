import type { CertificatePause } from '../ledger/certificates/pauses.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';
import { pausedText } from './paused-text.ts';

/** What becomes of a certificate that was asked for and isn't there, and how to end that. */
export function staysWantedText(certificateName: string, pause: CertificatePause | null): string {
  const name = printable(certificateName);
  const next =
    pause === null
      ? 'stays wanted: the next acme-ledger renew tries again'
      : `stays wanted and ${pausedText(pause)}: renew leaves it alone`;
  return `${name} ${next}; acme-ledger cert remove ${shellWord(name)} ends that`;
}

/** What becomes of a certificate that somebody asked for while it is paused. */
export function staysPausedText(certificateName: string, pause: CertificatePause): string {
  const name = printable(certificateName);
  return `${name} stays ${pausedText(pause)}: renew leaves it alone; acme-ledger cert resume ${shellWord(name)} ends the pause`;
}
