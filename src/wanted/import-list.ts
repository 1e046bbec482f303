import type { ErrorRecord } from '../errors.ts';
import { errorRecord } from '../errors.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { certificatesByName, listCertificates } from '../ledger/certificates/certificates.ts';
import { wantedOf } from '../ledger/certificates/wanted-row.ts';
import { changesOf } from './changes.ts';
import type { ComparedCertificate } from '../ledger/certificates/wanted.ts';
import { compareWanted, recordAllWanted } from '../ledger/certificates/wanted.ts';
import type { CommandContext } from '../run/run-context.ts';
import { ledgerExists, withLedger } from '../run/open-ledger.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import type { CheckedRow, GoodRow } from './checked-rows.ts';
import { checkedRows } from './checked-rows.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { inTransaction } from '../ledger/writer.ts';
import { isOvertaken, overtakenError } from './overtaken.ts';
import { rowsOf } from './row-format.ts';
import type { RowSource } from './row-source.ts';
import { openRowSource } from './row-source.ts';

export interface ImportOptions {
  /** A path, or `-`. */
  file: string;
  /** All rows or none. */
  strict: boolean;
  dryRun: boolean;
}

interface Summary {
  rows: number;
  added: number;
  changed: number;
  unchanged: number;
  failed: number;
}

/** So many rows a transaction: other runs wait for it for a fraction of a second. */
const batchSize = 1_000;

type Take = (rows: readonly GoodRow[]) => Promise<Taken>;

interface Taken {
  compared: readonly ComparedCertificate[];
  /** Rows whose certificates another command has changed since the list was begun: they are left as they are. */
  overtaken?: readonly GoodRow[];
}

/** `cert import`. @returns the exit code @throws AcmeLedgerError for a file that can't be read at all */
export async function importCertificates(context: CommandContext, options: ImportOptions): Promise<number> {
  const twice = options.strict && !options.dryRun;
  const source = await openRowSource(options.file, { twice, signal: context.stops.work });
  try {
    const summary = options.strict
      ? await importAllOrNone(context, source, options)
      : await importGood(context, source, options);
    context.output.line({ summary }, () => textOf(source.label, summary, options));
    if (summary.failed === 0) return 0;
    return isRefused(summary, options) ? 2 : 1;
  } finally {
    await source.close();
  }
}

async function importAllOrNone(
  context: CommandContext,
  source: RowSource,
  options: ImportOptions,
): Promise<Summary> {
  if (options.dryRun) return importGood(context, source, options);
  const rows = await startRows(context, source);
  const checked = await takeRows(context, source, rows, () => Promise.resolve({ compared: [] }));
  return checked.failed > 0 ? checked : importGood(context, source, options);
}

async function importGood(
  context: CommandContext,
  source: RowSource,
  { dryRun }: ImportOptions,
): Promise<Summary> {
  // Before the ledger is made: a file that is no list of certificates leaves no trace.
  const rows = await startRows(context, source);
  if (dryRun) {
    return withLedger(context.settings, (ledger) =>
      takeRows(context, source, rows, async (batch) => ({
        compared: await compareWanted(
          ledger,
          batch.map(({ wanted }) => wanted),
        ),
      })),
    );
  }
  return withLedgerWriter(context, 'cert import', (writer) =>
    takeRows(context, source, rows, (batch) => recordRows(writer, batch)),
  );
}

/** A row was laid over its certificate as that was when the list was begun. */
async function recordRows(writer: LedgerWriter, batch: readonly GoodRow[]): Promise<Taken> {
  return inTransaction(writer, async (tx) => {
    const names = batch.map(({ wanted }) => wanted.name);
    const now = await certificatesByName(tx.ledger, names);
    const isLeft = ({ wanted, found }: GoodRow): boolean => isOvertaken(now.get(wanted.name), wanted, found);
    const taken = batch.filter((row) => !isLeft(row)).map(({ wanted }) => wanted);
    return { compared: await recordAllWanted(tx, taken, 'import'), overtaken: batch.filter(isLeft) };
  });
}

async function startRows(context: CommandContext, source: RowSource): Promise<AsyncGenerator<CheckedRow>> {
  const { settings } = context;
  let known: Promise<ReadonlyMap<string, WantedCertificate | null>> | null = null;
  const existing = (): NonNullable<typeof known> => (known ??= wantedByName(context));
  return checkedRows(await rowsOf(source.lines(), source.label), settings, source.directory, existing);
}

/** What is wanted already: a row keeps of it what the list has no column for. */
async function wantedByName({
  settings,
}: CommandContext): Promise<ReadonlyMap<string, WantedCertificate | null>> {
  if (!(await ledgerExists(settings))) return new Map();
  const rows = await withLedger(settings, listCertificates);
  return new Map(rows.map((row) => [row.name, wantedOf(row)]));
}

async function takeRows(
  context: CommandContext,
  source: RowSource,
  rows: AsyncGenerator<CheckedRow>,
  take: Take,
): Promise<Summary> {
  const summary: Summary = { rows: 0, added: 0, changed: 0, unchanged: 0, failed: 0 };
  let batch: GoodRow[] = [];
  const takeBatch = async (): Promise<void> => {
    context.stops.work.throwIfAborted();
    const { compared, overtaken = [] } = await take(batch);
    for (const { line, wanted } of overtaken) {
      summary.failed += 1;
      tellBad(context, source, line, errorRecord(overtakenError(wanted.name)));
    }
    for (const { wanted, before, outcome } of compared) {
      summary[outcome] += 1;
      if (outcome === 'changed' && before !== undefined)
        context.log.info(
          { changes: changesOf(wantedOf(before), wanted) },
          `${wanted.name} is wanted otherwise`,
        );
    }
    batch = [];
  };
  for await (const row of rows) {
    summary.rows += 1;
    if ('error' in row) {
      summary.failed += 1;
      tellBad(context, source, row.line, errorRecord(row.error));
    } else if (batch.push(row) >= batchSize) await takeBatch();
  }
  await takeBatch();
  return summary;
}

function tellBad({ output }: CommandContext, { label }: RowSource, line: number, error: ErrorRecord): void {
  if (output.json) output.line({ line, error }, () => '');
  else output.complainOf(error, `${label}:${String(line)}`);
}

/** A row that has become bad since all were checked doesn't undo what was taken before it. */
function isRefused(
  { failed, added, changed, unchanged }: Summary,
  { strict, dryRun }: ImportOptions,
): boolean {
  return strict && failed > 0 && (dryRun || added + changed + unchanged === 0);
}

function textOf(label: string, summary: Summary, options: ImportOptions): string {
  const { rows, added, changed, unchanged, failed } = summary;
  if (isRefused(summary, options)) return `${label}: ${failed} of ${rows} rows failed; nothing was written`;
  const counts = `${added} added, ${changed} changed, ${unchanged} unchanged, ${failed} failed`;
  return `${label}: ${counts}${options.dryRun ? '; nothing was written' : ''}`;
}
