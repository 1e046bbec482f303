import type { CertificateJson } from '../../../report/certificate-json.ts';
import { minuteOf } from '../../../report/due-text.ts';
import { reasonOf } from '../../../report/reason.ts';
import type { Column } from '../../output/list.ts';

/** When the stored certificate ends, or was revoked. */
function endCell({ notAfter, revokedAt }: CertificateJson): string {
  if (notAfter === null) return 'not issued';
  return revokedAt === null ? minuteOf(notAfter) : `revoked ${minuteOf(revokedAt)}`;
}

/** When a certificate is due, or until when a due certificate waits. */
function dueCell({ due, dueAt, paused }: CertificateJson): string {
  if (paused !== null) return `paused${paused.until === null ? '' : ` until ${minuteOf(paused.until)}`}`;
  if (due === null) return minuteOf(dueAt);
  if (due.waitsFor === null) return 'now';
  return due.until === null ? 'waits' : `waits until ${minuteOf(due.until)}`;
}

export const columns: readonly Column<CertificateJson>[] = [
  { head: 'NAME', key: 'name', cell: ({ name }) => name },
  {
    head: 'NAMES',
    key: 'names',
    cell: ({ names }) => String(names.length),
    value: ({ names }) => names.join(' '),
    spare: 3,
  },
  { head: 'NOT AFTER', key: 'notAfter', cell: endCell, value: ({ notAfter }) => notAfter, spare: 2 },
  { head: 'DUE', key: 'dueAt', cell: dueCell, value: ({ dueAt }) => dueAt, spare: 1 },
  { head: 'LAST ERROR', key: 'lastError', cell: ({ lastError }) => reasonOf(lastError) },
];

/** Columns that CSV has on top of those of the table. */
export const csvColumns: readonly Column<CertificateJson>[] = [
  ...columns,
  { head: '', key: 'status', cell: ({ status }) => status },
  { head: '', key: 'due', cell: ({ due }) => (due === null ? '' : (due.waitsFor ?? 'now')) },
  { head: '', key: 'waitsUntil', cell: ({ due }) => due?.until ?? '' },
  { head: '', key: 'ca', cell: ({ ca }) => ca },
];
