import type { CertificateJson } from '../../../report/certificate-json.ts';
import { minuteOf } from '../../../report/due-text.ts';

/** When the stored certificate ends, or was revoked. */
export function endCell({ notAfter, revokedAt }: CertificateJson): string {
  if (notAfter === null) return 'not issued';
  return revokedAt === null ? minuteOf(notAfter) : `revoked ${minuteOf(revokedAt)}`;
}

/** When a certificate is due, or until when a due certificate waits. */
export function dueCell({ due, dueAt, paused }: CertificateJson): string {
  if (paused !== null) return `paused${paused.until === null ? '' : ` until ${minuteOf(paused.until)}`}`;
  if (due === null) return minuteOf(dueAt);
  if (due.waitsFor === null) return 'now';
  return due.until === null ? 'waits' : `waits until ${minuteOf(due.until)}`;
}
