import { timeText } from '../../../clock.ts';
import type { ImportResult } from '../../../import/import-accounts.ts';
import { leftGroups, notesOf, sharedNotes } from '../../../import/left-certificates.ts';
import { summaryText } from '../../../import/summary.ts';
import type { Taken } from '../../../import/taken.ts';
import type { Output } from '../../../run/run-context.ts';

/** What came of the certificates, and the sums. */
export async function writeImport(output: Output, result: ImportResult, dryRun: boolean): Promise<void> {
  const { accounts, certificates } = result;
  if (certificates !== null) await writeCertificates(output, certificates.taken, dryRun);
  const summary = certificates === null ? accounts : { ...accounts, certificates: certificates.summary };
  output.line({ summary }, () => [
    `accounts: ${summaryText(accounts, dryRun)}`,
    ...(certificates === null ? [] : [`certificates: ${summaryText(certificates.summary, dryRun)}`]),
  ]);
}

/** A table of the certificates; then what several share is said once. */
async function writeCertificates(output: Output, taken: readonly Taken[], dryRun: boolean): Promise<void> {
  if (output.json) {
    for (const one of taken) output.line(one, () => '');
    return;
  }
  const shared = sharedNotes(taken);
  const sharedOnes = new Set(shared.map(({ note }) => note));
  const rows = taken.filter(({ certificate }) => certificate !== null);
  if (rows.length > 0)
    await output.table(
      head,
      rows.map((one) => cellsOf(one, sharedOnes)),
      spare,
    );
  for (const { note, certificates } of shared) output.line(note, () => `${certificates}: ${note}`);
  for (const { error, subject } of leftGroups(taken)) output.complainOf(error, subject);
  if (dryRun) return;
  if (taken.some(({ outcome }) => outcome === 'added')) output.note(next);
}

const next =
  "acme-ledger renew --dry-run says what is due; stop the other client's timer before you let acme-ledger renew";

const head = ['CERTIFICATE', 'NAMES', 'ENDS', 'PROVEN BY', 'OUTCOME', 'NOTE'];

/** On a narrow terminal it is the certificate, what becomes of it and why that stay. */
const spare = [0, 3, 1, 2, 0, 0];

function cellsOf(one: Taken, shared: ReadonlySet<string>): string[] {
  const own = notesOf(one).filter((note) => !shared.has(note));
  return [
    one.certificate ?? '',
    namesText(one.names),
    timeText(one.endsAt, '-').slice(0, 10),
    one.provenBy ?? '-',
    outcomes[one.outcome],
    (one.error === null ? own : [one.error.message]).join('; '),
  ];
}

const outcomes: Readonly<Record<Taken['outcome'], string>> = {
  added: 'taken over',
  'would-add': 'would be taken over',
  known: 'known before',
  failed: 'left',
};

/** The first names, and how many there are beside. */
function namesText(names: readonly string[]): string {
  const shown = names.slice(0, 2).join(' ');
  return names.length > 2 ? `${shown} +${names.length - 2}` : shown;
}
