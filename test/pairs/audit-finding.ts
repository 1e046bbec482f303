/** A promise that wasn't kept. */
export interface Finding {
  promise:
    | 'write-ahead'
    | 'leak'
    | 'gate'
    | 'thrown away'
    | 'one order'
    | 'failed validation'
    | 'certificate'
    | 'ledger'
    | 'owner'
    | 'command';
  text: string;
}
