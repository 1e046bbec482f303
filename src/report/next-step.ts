import type { Due } from '../issuance/due/due.ts';
import type { WaitReason } from '../plan/standings.ts';
import type { CertificateJson } from './certificate-json.ts';
import { minuteOf } from './due-text.ts';

const dueWords = {
  missing: 'there is none yet, or its files are gone',
  changed: 'what is wanted has changed',
  revoked: 'it was revoked',
  ari: 'the CA wants it replaced',
  ending: 'little of its life is left',
  asked: 'somebody asked for it',
  'not-deployed': 'its deploy hook has yet to succeed',
  incomplete: 'names that it lacks may be tried again',
} as const satisfies Record<Due['reason'], string>;

const waitWords = {
  names: 'names that failed lately',
  suspended: 'suspended names',
  certificate: 'its next try after a refusal',
  ca: 'the CA',
  gate: 'room in the gate',
  rule: 'a rule of the configuration',
  account: 'a new account',
} as const satisfies Record<WaitReason, string>;

/** What comes next for a certificate, when, and why; and the hint of what it waits for. */
export function nextStep({ due, dueAt, paused }: Pick<CertificateJson, 'due' | 'dueAt' | 'paused'>): {
  what: string;
  hint: string | null;
} {
  if (paused !== null) return { what: 'nothing, while it is paused', hint: null };
  if (due === null) return { what: `renewed from ${minuteOf(dueAt)} on`, hint: null };
  const why = dueWords[due.reason];
  if (due.waitsFor === null) return { what: `the next renew works on it: ${why}`, hint: null };
  const until = due.until === null ? '' : ` until ${minuteOf(due.until)}`;
  return {
    what: `due, as ${why}; it waits for ${waitWords[due.waitsFor]}${until}`,
    hint: due.error?.hint ?? null,
  };
}
