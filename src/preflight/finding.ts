import { printable } from '../printable.ts';
import { type FindingCode, findingKinds } from './finding-codes.ts';
import type { FindingKind } from './finding-kind.ts';

/** A DNS record that a finding is about. */
export interface RecordNamed {
  /** Without the last dot. */
  name: string;
  type: string;
  /** What is there now. */
  found: readonly string[];
  /** What should be there; null where it is to be removed, or nobody but the owner can know. */
  wanted: string | null;
}

/** Something that was found of one name; a line of `check --json`. */
export interface Finding {
  name: string;
  code: FindingCode;
  severity: FindingKind['severity'];
  message: string;
  mend: string;
  whose: FindingKind['whose'];
  record?: RecordNamed;
}

/** A finding before it is known for which names it is told. */
export type Found = Omit<Finding, 'name'>;

/** A finding of this code. @param mend what to change here, where more can be said than for all findings of the code */
export function found(
  code: FindingCode,
  message: string,
  { mend, record }: { mend?: string | undefined; record?: RecordNamed } = {},
): Found {
  const kind: FindingKind = findingKinds[code];
  return {
    code,
    severity: kind.severity,
    message: printable(message),
    mend: printable(mend ?? kind.mend.replaceAll('`', '')),
    whose: kind.whose,
    ...(record === undefined ? {} : { record }),
  };
}

/** Whether an order with the name would fail. */
export function wouldFail({ severity }: Pick<Finding, 'severity'>): boolean {
  return severity === 'fatal' || severity === 'error';
}
