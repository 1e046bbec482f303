import { join } from 'node:path';
import { type Authority, authorityOf } from '../acme/authorities/authorities.ts';
import { lastDirectory } from '../acme/directory-cache.ts';
import { parseProof, type Proof } from '../challenges/proof/proof.ts';
import { byConfiguration, type SolverRules } from '../challenges/proof/solver-rules.ts';
import { wayOf } from '../challenges/proof/ways.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import type { ChallengeType } from '../challenges/solver.ts';
import { AcmeLedgerError } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { accountAt } from '../ledger/accounts.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type Finding, type Found, found } from './finding.ts';
import type { Subject } from './subject.ts';

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
  const known = new Map<string, Found>();
  const usualCa = context.settings.ca;
  const add = async (name: string, certificate: CertificateRow | null): Promise<void> => {
    if (subjects.has(name)) return;
    const way = wayFor(name, certificate, asked, context.settings.solvers);
    const subject = await subjectOf(name, certificate, way.settings, { asked, authorities, usualCa });
    subjects.set(name, subject);
    if (way.fault !== null) known.set(name, way.fault);
    else if (certificate === null) known.set(name, assumedOf(subject));
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
  return { subjects: [...subjects.values()], unusable, known, assumedOfCas: authorities.assumed };
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

interface Asking {
  asked: NamesAsked;
  authorities: KnownAuthorities;
  usualCa: string;
}

async function subjectOf(
  name: string,
  certificate: CertificateRow | null,
  settings: SolverSettings | null,
  { asked, authorities, usualCa }: Asking,
): Promise<Subject> {
  const { type, value } = parseName(name);
  const isWildcard = value.startsWith('*.');
  const authority = authorityOf(certificate?.ca ?? usualCa);
  return {
    name: value,
    base: value.replace(/^\*\./, ''),
    type,
    isWildcard,
    challenge: settings?.challenge ?? asked.challenge ?? (isWildcard ? 'dns-01' : 'http-01'),
    settings,
    ...(await authorities.known(authority)),
  };
}

function assumedOf({ name, authority, challenge }: Subject): Found {
  return found(
    'assumed',
    `no certificate of the ledger has ${name}: it is checked for ${authority.label} and ${challenge}`,
  );
}

/** What is known of CAs without asking them, each looked up once. */
class KnownAuthorities {
  readonly #context: CommandContext;
  readonly #ledger: Ledger;
  readonly #known = new Map<string, Pick<Subject, 'authority' | 'caaIdentities' | 'accountUrl'>>();
  readonly assumed: Found[] = [];

  constructor(context: CommandContext, ledger: Ledger) {
    this.#context = context;
    this.#ledger = ledger;
  }

  async known(authority: Authority): Promise<Pick<Subject, 'authority' | 'caaIdentities' | 'accountUrl'>> {
    const { directoryUrl } = authority;
    const known = this.#known.get(directoryUrl) ?? {
      authority,
      caaIdentities: await this.#identitiesOf(authority),
      accountUrl: (await accountAt(this.#ledger, directoryUrl))?.url ?? null,
    };
    this.#known.set(directoryUrl, known);
    return known;
  }

  async #identitiesOf(authority: Authority): Promise<readonly string[]> {
    const cache = join(this.#context.settings.stateDir, 'cache');
    const directory = await lastDirectory(cache, authority.directoryUrl);
    const told = directory?.meta.caaIdentities.map((each) => each.toLowerCase()) ?? [];
    if (told.length > 0) return told;
    const { label, caaIdentities } = authority;
    if (caaIdentities.length > 0) {
      const message = `the directory of ${label} was not read yet: its name in CAA records is taken to be ${caaIdentities.join(' or ')}`;
      this.assumed.push(found('assumed', message));
    }
    return caaIdentities;
  }
}
