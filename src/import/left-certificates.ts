import type { ErrorRecord } from '../errors.ts';
import { counted, printable } from '../printable.ts';
import type { Taken } from './taken.ts';

/** How many certificates are named in the line that stands for several. */
const namedMost = 3;

/** What one reason keeps from being taken over. */
interface LeftGroup {
  error: ErrorRecord;
  /** The certificates or files that the error is about. */
  subject: string;
}

/** The reasons why certificates weren't taken over, each once for all that share it. */
export function leftGroups(taken: readonly Taken[]): LeftGroup[] {
  const groups = new Map<string, Taken[]>();
  for (const one of taken) {
    if (one.error === null) continue;
    const key = `${one.client} ${one.error.message}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first?.error === undefined || first.error === null) return [];
    return [{ error: first.error, subject: group.length === 1 ? first.file : subjectOf(group) }];
  });
}

function subjectOf(group: readonly Taken[]): string {
  return `${group.length} certificates of ${group[0]?.client ?? '?'} (${namesOf(group)})`;
}

/** Notes that several certificates share, each once, with the certificates. */
export function sharedNotes(taken: readonly Taken[]): { note: string; certificates: string }[] {
  const byNote = new Map<string, Taken[]>();
  for (const one of taken) {
    for (const note of notesOf(one)) byNote.set(note, [...(byNote.get(note) ?? []), one]);
  }
  return [...byNote]
    .filter(([, group]) => group.length > 1)
    .map(([note, group]) => ({ note, certificates: `${group.length} certificates (${namesOf(group)})` }));
}

/** What the client does beside, of a certificate that is taken over now. */
export function notesOf({ outcome, notes, deployHook, linked, unlinked }: Taken): string[] {
  const links =
    linked.length === 0 ? [] : [`${counted(linked.length, 'file')} of the client's lead to the store`];
  const isTaken = outcome === 'added' || outcome === 'would-add';
  const others = isTaken ? [...(deployHook === null ? [] : [`runs ${deployHook}`]), ...notes] : [];
  return [...links, ...unlinked, ...others].map(printable);
}

function namesOf(group: readonly Taken[]): string {
  const names = group.slice(0, namedMost).map(({ certificate }) => printable(certificate ?? '?'));
  const more = group.length - names.length;
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}
