import type { Authority } from '../acme/authorities/authorities.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import type { Csr } from '../certificates/given-csr.ts';
import type { KeyType } from '../certificates/key.ts';
import { keyTypes } from '../certificates/key.ts';
import { assertStoreName, storeNameOf } from '../certificates/store-name.ts';
import type { SolverOptions } from '../challenges/option-list.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import { assertSolvable } from '../challenges/settings.ts';
import { AcmeLedgerError } from '../errors.ts';
import { withMeant } from '../foreign-words.ts';
import type { Identifier } from '../identifiers.ts';
import { assertPublicNames, identifierSetKey, parseNames } from '../identifiers.ts';
import { assertEverFits } from '../issuance/attempt/gate.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { printable } from '../printable.ts';
import type { CertificateOptions } from '../settings/certificate-fields.ts';

/** A certificate that somebody wants, checked: nothing is sent or written for it yet. */
export interface PlannedCertificate {
  authority: Authority;
  identifiers: Identifier[];
  wanted: WantedCertificate;
}

/** The values that hold where the certificate's own options say nothing. */
export interface RowDefaults {
  /** A built-in CA's name or a directory URL. */
  ca: string;
  /** Null: the CA's profile decides. */
  maxPending: number | null;
  /** Checked solver settings (src/challenges/settings-from-options.ts). @throws AcmeLedgerError `usage` */
  solverSettings: (options: SolverOptions) => SolverSettings;
}

/**
 * Checks what a person wrote of one certificate, the same for a command line and a row of a file.
 * @param given.csr the request that its options name, where they name one
 * @throws AcmeLedgerError with exit code 2 for anything that a person can have got wrong
 */
export function plannedCertificate(
  given: { names: readonly string[]; options: CertificateOptions; csr: Csr | null },
  defaults: RowDefaults,
): PlannedCertificate {
  const { names, options, csr } = given;
  const identifiers = csr === null ? parseNames(names) : csrNames(csr.identifiers, names);
  const settings = defaults.solverSettings(options);
  assertSolvable(settings, identifiers);
  const authority = authorityOf(defaults.ca);
  if (authority.name !== null) assertPublicNames(identifiers);
  assertEverFits(identifiers.length, defaults.maxPending ?? authority.maxPending);
  const name = options.certName ?? storeNameOf(identifiers);
  assertStoreName(name);
  return {
    authority,
    identifiers,
    wanted: {
      name,
      ca: authority.directoryUrl,
      names: identifiers.map((identifier) => identifier.value),
      keyType: keyTypeOption(options),
      reuseKey: options.reuseKey === true,
      profile: options.profile ?? null,
      preferredChain: options.preferredChain ?? null,
      settings,
      csr: csr?.der ?? null,
      deployHook: options.deployHook ?? null,
    },
  };
}

function csrNames(identifiers: readonly Identifier[], names: readonly string[]): Identifier[] {
  if (names.length > 0 && identifierSetKey(parseNames(names)) !== identifierSetKey(identifiers)) {
    throw new AcmeLedgerError('bad-file', 'the names given are not the ones in the CSR', {
      hint: `leave them out: the CSR is for ${identifiers.map(({ value }) => printable(value)).join(' ')}`,
    });
  }
  return [...identifiers];
}

function keyTypeOption({ keyType, csr }: CertificateOptions): KeyType {
  if (keyType === undefined) return 'ec256';
  if (csr !== undefined) {
    throw new AcmeLedgerError('usage', '--key-type and --csr exclude each other', {
      hint: 'the CSR has its key already',
    });
  }
  const known = keyTypes.find((type) => type === keyType);
  if (known !== undefined) return known;
  throw new AcmeLedgerError('usage', `--key-type "${printable(keyType)}" isn't there`, {
    hint: withMeant('keyType', keyType, `there is: ${keyTypes.join(', ')}`),
  });
}
