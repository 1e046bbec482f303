import type { Authority } from '../acme/authorities/authorities.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import type { Csr } from '../certificates/given-csr.ts';
import type { KeyType } from '../certificates/key.ts';
import { keyTypes } from '../certificates/key.ts';
import { assertStoreName, storeNameOf } from '../certificates/store-name.ts';
import type { SettingsOf } from '../challenges/kept-settings.ts';
import { assertProvable } from '../challenges/proof/provable.ts';
import { keptProof } from '../challenges/proof/proof.ts';
import type { SolverRules } from '../challenges/proof/solver-rules.ts';
import { proofOnto } from '../challenges/proof/typed-proof.ts';
import { AcmeLedgerError } from '../errors.ts';
import { withMeant } from '../foreign-words.ts';
import type { Identifier } from '../identifiers.ts';
import { assertPublicNames, identifierSetKey, parseNames } from '../identifiers.ts';
import { assertEverFits } from '../issuance/attempt/gate.ts';
import { forbidden, type OrderRules } from '../issuance/limits/order-rules.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { printable } from '../printable.ts';
import type { CertificateOptions } from '../settings/certificate-fields.ts';

/** A certificate that somebody wants, checked: nothing is sent or written for it yet. */
export interface PlannedCertificate {
  authority: Authority;
  identifiers: Identifier[];
  wanted: WantedCertificate;
}

/** What a person wrote of one certificate, and the certificate as it is wanted already. */
interface Given {
  names: readonly string[];
  options: CertificateOptions;
  csr: Csr | null;
  before: WantedCertificate | null;
}

const usualKeyType: KeyType = 'ec256';

/** The values that hold where the certificate's own options say nothing. */
export interface RowDefaults {
  /** A built-in CA's name or a directory URL. */
  ca: string;
  /** Null: the CA's profile decides. */
  maxPending: number | null;
  /** Checked solver settings (src/challenges/settings-from-options.ts). @throws AcmeLedgerError `usage` */
  solverSettings: SettingsOf;
  /** The configuration's solvers. */
  rules: SolverRules;
  orderRules: OrderRules;
  /** Names that no rule of the configuration fits, or that it forbids, are refused; else that is the fault of the next order. */
  checksRules: boolean;
}

/**
 * Checks what a person wrote of one certificate, the same for a command line and a row of a file.
 * @param given.csr the request that its options name, where they name one
 * @param given.before the certificate that is there already: what isn't typed stays as it is, and what is typed empty is
 * taken away
 * @throws AcmeLedgerError with exit code 2 for anything that a person can have got wrong
 */
export function plannedCertificate(given: Given, defaults: RowDefaults): PlannedCertificate {
  const { options, before } = given;
  const csr = csrOf(given);
  const identifiers = identifiersOf(given, csr);
  const { rules, checksRules, solverSettings: settingsOf } = defaults;
  if (checksRules) assertMayBeOrdered(identifiers, defaults.orderRules);
  const proof = proofOnto(before?.settings ?? null, options, { settingsOf, rules });
  assertProvable(proof, identifiers, checksRules ? rules : null);
  const authority = authorityOf(defaults.ca);
  if (authority.name !== null) assertPublicNames(identifiers);
  assertEverFits(identifiers.length, defaults.maxPending ?? authority.maxPending);
  const name = before?.name ?? options.certName ?? storeNameOf(identifiers);
  assertStoreName(name);
  return {
    authority,
    identifiers,
    wanted: {
      name,
      ca: authority.directoryUrl,
      names: identifiers.map((identifier) => identifier.value),
      keyType: keyTypeOption(options, csr, before),
      reuseKey: options.reuseKey ?? before?.reuseKey ?? false,
      profile: textOf(options.profile, before?.profile),
      preferredChain: textOf(options.preferredChain, before?.preferredChain),
      settings: keptProof(proof),
      csr: csr?.der ?? null,
      deployHook: textOf(options.deployHook, before?.deployHook),
    },
  };
}

function assertMayBeOrdered(identifiers: readonly Identifier[], rules: OrderRules): void {
  const names = identifiers.map(({ value }) => value);
  const refusal = forbidden(names, rules, 'usage');
  if (refusal !== null) throw refusal;
}

/** A text that an empty one takes away, and that stays where none is typed. */
function textOf(typed: string | undefined, before: string | null | undefined): string | null {
  return typed === undefined ? (before ?? null) : typed || null;
}

/** The request that is typed, or else that of before, unless `--csr ''` takes it away. */
function csrOf({ csr, options, before }: Given): Pick<Csr, 'der' | 'identifiers'> | null {
  if (csr !== null || options.csr !== undefined || before === null || before.csr === null) return csr;
  return { der: before.csr, identifiers: parseNames(before.names) };
}

function identifiersOf(
  { names, before }: Given,
  csr: Pick<Csr, 'identifiers'> | null,
): PlannedCertificate['identifiers'] {
  if (csr !== null) return csrNames(csr.identifiers, names);
  if (before === null) return parseNames(names);
  const stored = parseNames(before.names);
  // In another order they are the same names.
  return names.length === 0 || isSameSet(parseNames(names), stored) ? stored : parseNames(names);
}

function csrNames(identifiers: readonly Identifier[], names: readonly string[]): Identifier[] {
  if (names.length > 0 && !isSameSet(parseNames(names), identifiers)) {
    throw new AcmeLedgerError('bad-file', 'the names given are not the ones in the CSR', {
      hint: `leave them out: the CSR is for ${identifiers.map(({ value }) => printable(value)).join(' ')}; --csr '' takes the CSR away`,
    });
  }
  return [...identifiers];
}

function isSameSet(one: readonly Identifier[], other: readonly Identifier[]): boolean {
  return identifierSetKey(one) === identifierSetKey(other);
}

function keyTypeOption({ keyType }: CertificateOptions, csr: object | null, before: Given['before']): string {
  if (keyType === undefined) return before?.keyType ?? usualKeyType;
  if (keyType === '') return usualKeyType;
  if (csr !== null) {
    throw new AcmeLedgerError('usage', '--key-type and --csr exclude each other', {
      hint: "the CSR has its key already; --csr '' takes it away",
    });
  }
  const known = keyTypes.find((type) => type === keyType);
  if (known !== undefined) return known;
  throw new AcmeLedgerError('usage', `--key-type "${printable(keyType)}" isn't there`, {
    hint: withMeant('keyType', keyType, `there is: ${keyTypes.join(', ')}`),
  });
}
