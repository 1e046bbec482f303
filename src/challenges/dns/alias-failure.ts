import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** The error for a record whose place nobody tells. @param name the name that a CA looks at */
export function unknownAlias(name: string, cause: Error): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `no name server says whether ${name} is an alias: ${printable(cause.message)}`,
    { hint: 'name one to ask with --resolver ADDR:PORT', cause },
  );
}
