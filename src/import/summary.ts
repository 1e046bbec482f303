/** The result for one account or certificate of another client. */
export type ImportOutcome = 'added' | 'known' | 'failed' | 'would-add';

export interface ImportSummary {
  added: number;
  /** The ledger had the account or certificate already. */
  known: number;
  failed: number;
  /** Accounts or certificates at other CAs than the one of `--ca`: left out. */
  elsewhere: number;
}

export function summaryOf(results: readonly { outcome: ImportOutcome }[], elsewhere: number): ImportSummary {
  const count = (...outcomes: ImportOutcome[]): number =>
    results.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return { added: count('added', 'would-add'), known: count('known'), failed: count('failed'), elsewhere };
}

export function summaryText({ added, known, failed, elsewhere }: ImportSummary, dryRun: boolean): string {
  const left = elsewhere === 0 ? '' : `, ${elsewhere} at other CAs left out`;
  return `${added} ${dryRun ? 'would be ' : ''}added, ${known} known before, ${failed} failed${left}`;
}
