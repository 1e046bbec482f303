import type { CheckedName } from './checked-name.ts';
import type { RecordNamed } from './finding.ts';

/** What the owner of a domain is told: nothing of this program, of its operator or of the account. */
export interface CustomerText {
  name: string;
  code: string;
  /** Whether the certificate can't be issued before it is mended. */
  isRequired: boolean;
  problem: string;
  change: string;
  record?: RecordNamed;
}

/** The findings of a name that its domain's owner can mend, in words for a ticket. */
export function forCustomer({ findings }: CheckedName): CustomerText[] {
  return findings
    .filter(({ whose, severity }) => whose === 'customer' && severity !== 'info')
    .map((finding) => ({
      name: finding.name,
      code: finding.code,
      isRequired: finding.severity !== 'warning',
      problem: sentence(finding.message),
      change: sentence(finding.mend),
      ...(finding.record === undefined ? {} : { record: finding.record }),
    }));
}

/** The text of a ticket, as lines. */
export function customerLines(checked: CheckedName): string[] {
  const texts = forCustomer(checked);
  if (texts.length === 0) return [];
  const isRequired = texts.some((text) => text.isRequired);
  const head = isRequired
    ? `A certificate for ${checked.name} can't be issued at present. Please change the following:`
    : `A certificate for ${checked.name} may fail to be issued. We recommend to change the following:`;
  return [head, ...texts.flatMap(linesOf), ''];
}

function linesOf({ problem, change, record }: CustomerText, index: number): string[] {
  const lines = ['', `${String(index + 1)}. ${problem}`, `   ${change}`];
  if (record === undefined) return lines;
  const now = record.found.length === 0 ? 'none' : record.found.join(', ');
  lines.push(`   Record:  ${record.name}. ${record.type}`, `   Now:     ${now}`);
  if (record.wanted !== null) lines.push(`   Wanted:  ${record.wanted}`);
  return lines;
}

function sentence(text: string): string {
  const capital = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
  return capital.endsWith('.') ? capital : `${capital}.`;
}
