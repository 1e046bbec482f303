import { flagOf, type SolverOptions } from '../challenges/option-fields.ts';
import { hasSolverOptions, solverOptionNames } from '../challenges/solver-options.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import { certificateClients, certificatesOfClient } from '../clients/client-certificates.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { ErrorRecord } from '../errors.ts';
import type { CertificateWish } from '../ledger/certificates.ts';
import type { ComparedWish } from '../ledger/wishes.ts';
import { compareWishes, recordWishes } from '../ledger/wishes.ts';
import { printable } from '../printable.ts';
import { authorityOfClient } from './client-authority.ts';
import type { CommandContext } from './context.ts';
import type { ImportOutcome, ImportSummary } from './import-summary.ts';
import { summaryOf } from './import-summary.ts';
import type { ClientChoice } from './key-sources.ts';
import { parseClientChoice, unreadableError } from './key-sources.ts';
import { withLedger } from './ledger-opening.ts';
import { withLedgerWriter } from './ledger-writing.ts';
import { complainOf } from './output.ts';
import { assertAsConfigured, configuredWishes } from './wishes/configured-wishes.ts';
import { wishReader } from './wishes/wish-reader.ts';
import { shellWords } from '../shell-word.ts';

/** A line of `account import --certificates --json`. */
interface Taken {
  certificate: string | null;
  client: string;
  file: string;
  names: readonly string[];
  outcome: ImportOutcome;
  /** What the client does for it, and acme-ledger won't. */
  notes: readonly string[];
  error: ErrorRecord | null;
}

interface Wanted {
  found: ClientCertificate;
  wish: CertificateWish;
}

/** @throws AcmeLedgerError `usage` for a client whose certificates can't be taken over */
export function assertHaveCertificates(choices: readonly ClientChoice[]): void {
  const other = choices.find(({ client }) => !certificateClients.includes(client));
  if (other === undefined && choices.length > 0) return;
  const whose =
    other === undefined ? 'which client has them' : `${other.client} has them in a form that can't be read`;
  throw new AcmeLedgerError('usage', `--certificates: ${whose}`, {
    hint: `give --import-accounts ${certificateClients.join('|')}; cert import takes a list of any others`,
  });
}

/** @throws AcmeLedgerError `usage` for challenge options that would have no effect */
export function assertNoSolver(solver: SolverOptions): void {
  const given = solverOptionNames.find((name) => solver[name] !== undefined);
  if (given === undefined) return;
  throw new AcmeLedgerError('usage', `${flagOf(given)} is for certificates, and none are taken over`, {
    hint: 'add --certificates, or leave it out',
  });
}

/** Writes down that the clients' certificates should exist, where the ledger has none of their names. */
export async function takeCertificates(
  context: CommandContext,
  { clients, solver, dryRun }: { clients: readonly string[]; solver: SolverOptions; dryRun: boolean },
): Promise<ImportSummary> {
  const results: Taken[] = [];
  const tell = (taken: Taken): void => {
    results.push(taken);
    tellOf(context, taken);
  };
  const wanted: Wanted[] = [];
  let elsewhere = 0;
  for (const text of clients) {
    const choice = parseClientChoice(text, '--import-accounts');
    const found = await certificatesOfClient(choice.client, choice.directory);
    for (const one of found?.unreadable ?? []) {
      tell({ ...nothing, client: choice.client, file: one.file, error: errorRecord(unreadableError(one)) });
    }
    const wishOf = reader(context, solver);
    for (const certificate of found?.certificates ?? []) {
      try {
        const wish = wishOf(certificate);
        if (wish === 'elsewhere') elsewhere += 1;
        else {
          assertNotTaken(wanted, certificate, wish.name);
          wanted.push({ found: certificate, wish });
        }
      } catch (error) {
        if (!(error instanceof AcmeLedgerError)) throw error;
        tell({ ...placeOf(certificate), outcome: 'failed', error: errorRecord(error) });
      }
    }
  }
  if (wanted.length > 0) {
    const compared = await write(context, wanted, dryRun);
    for (const [index, { found }] of wanted.entries()) {
      const isKnown = isWanted(compared[index]);
      const outcome = isKnown ? 'known' : dryRun ? 'would-add' : 'added';
      tell({ ...placeOf(found), outcome, error: null });
    }
  }
  return summaryOf(results, elsewhere);
}

function reader(
  context: CommandContext,
  solver: SolverOptions,
): (certificate: ClientCertificate) => CertificateWish | 'elsewhere' {
  const wishOf = wishReader(context.settings, process.cwd(), true);
  const configured = configuredWishes(context.settings);
  const given = Object.fromEntries(solverOptionNames.map((name) => [name, solver[name]])) as SolverOptions;
  return (certificate) => {
    const authority = authorityOfClient(context, certificate);
    if (authority === 'elsewhere') return authority;
    const own = certificate.solver ?? (hasSolverOptions(given) ? given : null);
    if (own === null) throw unsolved(certificate);
    const options = { ...certificate.options, ...own, certName: certificate.name };
    const wish = wishOf({ names: [...certificate.names], ca: authority.directoryUrl, options });
    assertAsConfigured(configured, wish);
    return wish;
  };
}

/** @throws AcmeLedgerError `usage` when another one has the name */
function assertNotTaken(wanted: readonly Wanted[], { file, names }: ClientCertificate, name: string): void {
  const other = wanted.find(({ wish }) => wish.name === name);
  if (other === undefined) return;
  throw new AcmeLedgerError(
    'usage',
    `${printable(other.found.file)} is for a certificate ${printable(name)}, too`,
    {
      hint: `${printable(file)} can be added under another name: acme-ledger cert add --cert-name NAME ${shellWords(names.map(printable))}`,
    },
  );
}

function unsolved({ unsolved: reason, name, names }: ClientCertificate): AcmeLedgerError {
  return new AcmeLedgerError('usage', reason ?? 'nothing says how its names are proven', {
    hint: `say it for all of these: repeat this with --webroot DIR or --hook CMD; or for this one: acme-ledger cert add --cert-name ${shellWords([name, ...names].map(printable))} --hook CMD`,
  });
}

/** What the ledger has of the wishes; those that it has not are written down. */
async function write(
  context: CommandContext,
  wanted: readonly Wanted[],
  dryRun: boolean,
): Promise<readonly ComparedWish[]> {
  const wishes = wanted.map(({ wish }) => wish);
  if (dryRun) return withLedger(context.settings, (ledger) => compareWishes(ledger, wishes));
  return withLedgerWriter(context, 'account import', async (writer) => {
    const compared = await compareWishes(writer.ledger, wishes);
    const missing = compared.filter((one) => !isWanted(one)).map(({ wish }) => wish);
    await recordWishes(writer, missing, 'import');
    return compared;
  });
}

/** A wish of that name stays as it is, whatever the client says. */
function isWanted(compared: ComparedWish | undefined): boolean {
  return compared?.before?.removed_at === null;
}

const nothing = { certificate: null, names: [], notes: [], outcome: 'failed' } as const;

function placeOf({ client, file, name, names, notes }: ClientCertificate): Omit<Taken, 'outcome' | 'error'> {
  return { certificate: name, client, file, names, notes };
}

function tellOf({ output }: CommandContext, taken: Taken): void {
  if (taken.error !== null && !output.json) complainOf(taken.error, taken.file);
  else output.line(taken, textOf);
}

function textOf({ outcome, certificate, file, notes }: Taken): string[] {
  return [
    `${outcome}  ${printable(certificate ?? '?')}  ${printable(file)}`,
    ...(outcome === 'known' ? [] : notes.map((note) => `  ${printable(note)}`)),
  ];
}
