import { authorityOf } from '../acme/authorities/authorities.ts';
import { parseProof, type Proof } from '../challenges/proof/proof.ts';
import { byConfiguration, type SolverRules } from '../challenges/proof/solver-rules.ts';
import { wayOf } from '../challenges/proof/ways.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { ChallengeType } from '../challenges/solver.ts';
import { AcmeLedgerError } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type Finding, type Found, found } from './finding.ts';
import { KnownAuthorities } from './known-authorities.ts';
import { type Subject, subjectOf } from './subject.ts';

/** Which names are checked, and how those are proven that no certificate has. */
export interface NamesAsked {
  /** Names, and names of certificates. */
  operands: readonly string[];
  /** All names of all certificates. */
  all: boolean;
  /** Null: http-01, for wildcards dns-01. */
  challenge: ChallengeType | null;
}

export interface Subjects {
  subjects: Subject[];
  /** What was typed and is no name. */
  unusable: Finding[];
  /** What is assumed of a name, or found without looking, by its name. */
  known: ReadonlyMap<string, Found>;
  /** What is assumed of CAs. */
  assumedOfCas: Found[];
}

/** The names to be checked, each once, with what the ledger and the CA's directory on disk know of them. No CA is asked. */
export async function subjectsAsked(
  context: CommandContext,
  ledger: Ledger,
  asked: NamesAsked,
): Promise<Subjects> {
  const certificates = await listCertificates(ledger);
  const authorities = new KnownAuthorities(context, ledger);
  const subjects = new Map<string, Subject>();
  const unusable: Finding[] = [];
  const foundBefore = new Map<string, Found>();
  const add = async (name: string, certificate: CertificateRow | null): Promise<void> => {
    if (subjects.has(name)) return;
    const way = wayFor(name, certificate, asked, context.settings.solvers);
    const authority = authorityOf(certificate?.ca ?? context.settings.ca);
    const known = await authorities.known(authority);
    const subject = subjectOf(name, way.settings, known, asked.challenge);
    subjects.set(name, subject);
    if (way.fault !== null) foundBefore.set(name, way.fault);
    else if (certificate === null) foundBefore.set(name, assumedOf(subject));
  };
  for (const typed of asked.all ? [] : asked.operands) {
    const named = certificates.find(({ name }) => name === typed);
    const name = named === undefined ? nameTyped(typed) : null;
    if (named !== undefined) for (const each of named.names) await add(each, named);
    else if (typeof name === 'string')
      await add(name, certificates.find(({ names }) => names.includes(name)) ?? null);
    else if (name !== null) unusable.push({ ...name, name: typed });
  }
  if (asked.all) for (const each of certificates) for (const name of each.names) await add(name, each);
  return {
    subjects: [...subjects.values()],
    unusable,
    known: foundBefore,
    assumedOfCas: authorities.assumed,
  };
}

/** The name, or why it is none. */
function nameTyped(typed: string): string | Found {
  try {
    return parseName(typed).value;
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    return found('name-invalid', error.message, { mend: error.hint });
  }
}

/** How the name is proven today; null settings where nothing says it. */
function wayFor(
  name: string,
  certificate: CertificateRow | null,
  { challenge }: NamesAsked,
  rules: SolverRules,
): { settings: SolverSettings | null; fault: Found | null } {
  const none = { settings: null, fault: null };
  if (certificate === null && (challenge !== null || rules.solvers.length === 0)) return none;
  try {
    const proof = certificate === null ? followed : parseProof(certificate.settings);
    return { settings: wayOf(proof, name, rules).settings, fault: null };
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    return { settings: null, fault: found('way-missing', error.message, { mend: error.hint }) };
  }
}

/** A name of no certificate would be proven as the configuration says. */
const followed: Proof = { usual: { solver: byConfiguration, name: null }, solverFor: {} };

function assumedOf({ name, authority, challenge }: Subject): Found {
  return found(
    'assumed',
    `no certificate of the ledger has ${name}: it is checked for ${authority.label} and ${challenge}`,
  );
}
