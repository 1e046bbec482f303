import { AcmeLedgerError } from '../errors.ts';
import type { CommandContext } from '../run/run-context.ts';
import { checkNames, type CheckOptions } from './check-names.ts';
import type { CheckedName, CheckSummary } from './checked-name.ts';
import { checkView } from './check-view.ts';

/** The operands and options of `check`. */
export interface RunCheckOptions extends Omit<CheckOptions, 'view'> {
  /** `--check-resolver` */
  resolver: string | undefined;
}

/** @param tell called for each name, in the order in which they were asked for @throws AcmeLedgerError `usage` */
export async function runCheck(
  context: CommandContext,
  { resolver, ...options }: RunCheckOptions,
  tell: (checked: CheckedName) => void,
): Promise<CheckSummary> {
  if (options.operands.length === 0 && !options.all)
    throw new AcmeLedgerError('usage', 'no name is given', {
      hint: 'acme-ledger check example.com, or acme-ledger check --all for the names of all certificates',
    });
  if (options.operands.length > 0 && options.all)
    throw new AcmeLedgerError('usage', '--all is for the names of all certificates', {
      hint: 'leave the names out, or leave --all out',
    });
  const view = checkView(context.settings.probe, resolver);
  return checkNames(context, { ...options, view }, tell);
}
