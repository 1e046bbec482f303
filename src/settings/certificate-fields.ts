import { isRecord, keysOf } from '../json-record.ts';
import { solverOptionKinds } from '../challenges/option-list.ts';
import type { ProofOptions } from '../challenges/proof/typed-proof.ts';
import type { OptionKind } from '../challenges/solver-option.ts';
import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import { meantWord } from '../foreign-words.ts';
import { nearestWord } from '../nearest-word.ts';
import { yesOrNoOf } from './option-check.ts';

type Kind = OptionKind | 'names' | 'flag' | 'solvers';

type OwnField =
  'name' | 'names' | 'ca' | Exclude<keyof CertificateOptions, keyof ProofOptions | 'certName' | 'csr'>;
type Field = OwnField | keyof ProofOptions;

/** The fields of a certificate in a row of a file or an entry of the configuration: the options of `issue`, by their flags' names. */
const kinds: Readonly<Record<Field, Kind>> = {
  name: 'text',
  names: 'names',
  ...solverOptionKinds,
  solverFor: 'solvers',
  keyType: 'text',
  reuseKey: 'flag',
  profile: 'text',
  preferredChain: 'text',
  ca: 'text',
  deployHook: 'text',
};

const fields: readonly Field[] = keysOf(kinds);

/** A row, each field of its kind. */
export interface CertificateFields {
  names: string[];
  /** Null: the one that is configured; undefined: the row says nothing of it. */
  ca: string | null | undefined;
  options: CertificateOptions;
}

/** What a field says that is there and empty: the usual value, whatever was wanted before. */
const emptied: Partial<Record<Field, unknown>> = {
  keyType: '',
  reuseKey: false,
  profile: '',
  preferredChain: '',
  deployHook: '',
  ca: null,
};

/** Checks the fields of a row; null takes away what was wanted before. @throws AcmeLedgerError `bad-file` */
export function certificateFields(row: Record<string, unknown>): CertificateFields {
  const given: Partial<Record<Field, unknown>> = {};
  for (const [field, value] of Object.entries(row)) {
    assertKnownField(field, 'field');
    if (value !== null) given[field] = checkedField(field, value);
    else if (Object.hasOwn(emptied, field)) given[field] = emptied[field];
  }
  return gathered(given);
}

/** A row from its checked fields. @throws AcmeLedgerError `bad-file` */
export function gathered(given: Partial<Record<Field, unknown>>): CertificateFields {
  const { name, names, ca, ...options } = given;
  if (names === undefined) throw badRow('it has no names', 'give the names that the certificate is for');
  return {
    names: names as string[],
    ca: ca as string | null | undefined,
    // Each value has been checked by its field's kind.
    options: { ...options, ...(name === undefined ? {} : { certName: name }) } as CertificateOptions,
  };
}

/** @param what a `field`, or a `column` @throws AcmeLedgerError `bad-file` */
export function assertKnownField(field: string, what: string): asserts field is Field {
  if (fields.some((known) => known === field)) return;
  const nearest = meantWord('field', field) ?? nearestWord(field, fields);
  throw badRow(
    `there is no ${what} "${printable(field).slice(0, 60)}"`,
    nearest === null ? `the ${what}s are ${fields.join(', ')}` : `did you mean ${nearest}?`,
  );
}

/** An error of one row. */
export function badRow(message: string, hint: string): AcmeLedgerError {
  return new AcmeLedgerError('bad-file', message, { hint });
}

/** A value of the field's kind. @throws AcmeLedgerError `bad-file` */
export function checkedField(field: Field, value: unknown): unknown {
  switch (kinds[field]) {
    case 'text':
      if (typeof value === 'string') return value;
      break;
    case 'text-or-number':
    case 'duration':
      if (typeof value === 'string' || typeof value === 'number') return value;
      break;
    case 'flag': {
      const flag = yesOrNoOf(value);
      if (typeof flag === 'boolean') return flag;
      break;
    }
    case 'solvers':
      if (typeof value === 'string') return value;
      if (isRecord(value) && Object.values(value).every((solver) => typeof solver === 'string')) return value;
      break;
    case 'names':
      if (typeof value === 'string') return value.split(/\s+/).filter((name) => name !== '');
      if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
      break;
  }
  throw badRow(
    `${field} must be ${expected[kinds[field]]}, not ${printable(JSON.stringify(value)).slice(0, 60)}`,
    `for example ${field}: ${examples[kinds[field]]}`,
  );
}

const expected: Record<Kind, string> = {
  text: 'text',
  names: 'a list of names',
  solvers: 'a mapping of names, each with its solver',
  flag: 'yes or no',
  'text-or-number': 'text or a number',
  duration: 'a duration with its unit',
};

const examples: Record<Kind, string> = {
  text: '"example"',
  names: '["example.com","www.example.com"]',
  solvers: '"*.example.com=zones"',
  flag: 'true',
  'text-or-number': '60',
  duration: '90s',
};

/** The options that say what a certificate should be and how its names are proven. */
export interface CertificateOptions extends ProofOptions {
  certName?: string;
  csr?: string;
  keyType?: string;
  reuseKey?: boolean;
  profile?: string;
  preferredChain?: string;
  deployHook?: string;
}

export interface IssueOptions extends CertificateOptions {
  wait?: string;
  dryRun?: boolean;
  rehearse?: boolean;
  now?: boolean;
  force?: boolean;
  /** `--no-check`: false. */
  check?: boolean;
  yes?: boolean;
}
