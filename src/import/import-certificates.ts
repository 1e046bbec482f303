import { hasSolverOptions, solverOptionNames, type SolverOptions } from '../challenges/option-list.ts';
import { flagOf } from '../challenges/solver-option.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import { certificateClients, certificatesOfClient } from '../clients/client-certificates.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { ErrorRecord } from '../errors.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import type { ComparedCertificate } from '../ledger/certificates/wanted.ts';
import { compareWanted, recordAllWanted } from '../ledger/certificates/wanted.ts';
import { printable } from '../printable.ts';
import { authorityOfClient } from '../run/accounts/client-authority.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { ImportOutcome, ImportSummary } from './summary.ts';
import { summaryOf } from './summary.ts';
import type { ClientChoice } from '../run/accounts/key-sources.ts';
import { parseClientChoice, unreadableError } from '../run/accounts/key-sources.ts';
import { withLedger } from '../run/open-ledger.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { assertAsConfigured, configuredCertificates } from '../wanted/configured.ts';
import { rowReader } from '../wanted/row-reader.ts';
import { shellWords } from '../shell-word.ts';

/** A line of `account import --certificates --json`. */
interface Taken {
  certificate: string | null;
  client: string;
  file: string;
  names: readonly string[];
  outcome: ImportOutcome;
  /** The client's command that is run when the certificate is stored. */
  deployHook: string | null;
  /** Steps that the client takes for the certificate, and acme-ledger won't. */
  notes: readonly string[];
  error: ErrorRecord | null;
}

interface Adopted {
  found: ClientCertificate;
  wanted: WantedCertificate;
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
  given: { clients: readonly string[]; solver: SolverOptions; dryRun: boolean; withHooks: boolean },
): Promise<ImportSummary> {
  const { clients, solver, dryRun } = given;
  const results: Taken[] = [];
  const tell = (taken: Taken): void => {
    results.push(taken);
    tellOf(context, taken);
  };
  const adopted: Adopted[] = [];
  let elsewhere = 0;
  for (const text of clients) {
    const choice = parseClientChoice(text, '--import-accounts');
    const found = await certificatesOfClient(choice.client, choice.directory);
    for (const one of found?.unreadable ?? []) {
      tell({ ...nothing, client: choice.client, file: one.file, error: errorRecord(unreadableError(one)) });
    }
    const wantedOf = reader(context, solver);
    for (const certificate of found?.certificates ?? []) {
      try {
        const wanted = wantedOf(certificate);
        if (wanted === 'elsewhere') elsewhere += 1;
        else {
          assertNotTaken(adopted, certificate, wanted.name);
          adopted.push({ found: certificate, wanted });
        }
      } catch (error) {
        if (!(error instanceof AcmeLedgerError)) throw error;
        tell({ ...placeOf(certificate), outcome: 'failed', error: errorRecord(error) });
      }
    }
  }
  if (adopted.length > 0) {
    const isMine = ({ found }: Adopted): boolean => given.withHooks || commandOf(found) === null;
    const compared = await write(context, adopted, { dryRun, isMine });
    for (const [index, one] of adopted.entries()) {
      const place = placeOf(one.found);
      if (isWanted(compared[index])) tell({ ...place, outcome: 'known', error: null });
      else if (!isMine(one)) tell({ ...place, outcome: 'failed', error: errorRecord(hookToo(one)) });
      else tell({ ...place, outcome: dryRun ? 'would-add' : 'added', error: null });
    }
  }
  return summaryOf(results, elsewhere);
}

function reader(
  context: CommandContext,
  solver: SolverOptions,
): (certificate: ClientCertificate) => WantedCertificate | 'elsewhere' {
  const wantedOf = rowReader(context.settings, process.cwd(), true);
  const configured = configuredCertificates(context.settings);
  const given = Object.fromEntries(solverOptionNames.map((name) => [name, solver[name]])) as SolverOptions;
  return (certificate) => {
    const authority = authorityOfClient(context, certificate);
    if (authority === 'elsewhere') return authority;
    const own = certificate.solver ?? (hasSolverOptions(given) ? given : null);
    if (own === null) throw unsolved(certificate);
    const options = { ...certificate.options, ...own, certName: certificate.name };
    const wanted = wantedOf({ names: [...certificate.names], ca: authority.directoryUrl, options });
    assertAsConfigured(configured, wanted);
    return wanted;
  };
}

/** @throws AcmeLedgerError `usage` when another certificate has the name */
function assertNotTaken(adopted: readonly Adopted[], { file, names }: ClientCertificate, name: string): void {
  const other = adopted.find(({ wanted }) => wanted.name === name);
  if (other === undefined) return;
  throw new AcmeLedgerError(
    'usage',
    `${printable(other.found.file)} is for a certificate ${printable(name)}, too`,
    {
      hint: `${printable(file)} can be added under another name: acme-ledger cert add --cert-name NAME ${shellWords(names.map(printable))}`,
    },
  );
}

/** The deploy command in the client's files: acme-ledger would run it as its own user, mostly root. */
function commandOf({ options }: ClientCertificate): string | null {
  return options.deployHook ?? null;
}

function hookToo({ found }: Adopted): AcmeLedgerError {
  return new AcmeLedgerError(
    'usage',
    `${found.client} runs a command for it, which acme-ledger would run from now on: ${printable(commandOf(found) ?? '')}`,
    { hint: 'if that is right, add --with-hooks' },
  );
}

function unsolved({ unsolved: reason, name, names }: ClientCertificate): AcmeLedgerError {
  return new AcmeLedgerError('usage', reason ?? 'nothing says how its names are proven', {
    hint: `say it for all of these: repeat this with --webroot DIR or --hook CMD; or for this one: acme-ledger cert add --cert-name ${shellWords([name, ...names].map(printable))} --hook CMD`,
  });
}

/** Compares what the clients want with the ledger; what it hasn't is written down. */
async function write(
  context: CommandContext,
  adopted: readonly Adopted[],
  { dryRun, isMine }: { dryRun: boolean; isMine: (one: Adopted) => boolean },
): Promise<readonly ComparedCertificate[]> {
  const wantedCertificates = adopted.map(({ wanted }) => wanted);
  if (dryRun) return withLedger(context.settings, (ledger) => compareWanted(ledger, wantedCertificates));
  return withLedgerWriter(context, 'account import', async (writer) => {
    const compared = await compareWanted(writer.ledger, wantedCertificates);
    const missing = compared.flatMap((one, index) => {
      const asked = adopted[index];
      return asked === undefined || isWanted(one) || !isMine(asked) ? [] : [one.wanted];
    });
    await recordAllWanted(writer, missing, 'import');
    return compared;
  });
}

/** What is wanted by that name stays as it is, whatever the client says. */
function isWanted(compared: ComparedCertificate | undefined): boolean {
  return compared?.before?.removed_at === null;
}

const nothing = { certificate: null, names: [], notes: [], deployHook: null, outcome: 'failed' } as const;

function placeOf(found: ClientCertificate): Omit<Taken, 'outcome' | 'error'> {
  const { client, file, name, names, notes } = found;
  return { certificate: name, client, file, names, notes, deployHook: commandOf(found) };
}

function tellOf({ output }: CommandContext, taken: Taken): void {
  if (taken.error !== null && !output.json) output.complainOf(taken.error, taken.file);
  else output.line(taken, textOf);
}

function textOf({ outcome, certificate, file, notes, deployHook }: Taken): string[] {
  return [
    `${outcome}  ${printable(certificate ?? '?')}  ${printable(file)}`,
    ...(outcome === 'known' || deployHook === null ? [] : [`  runs ${printable(deployHook)}`]),
    ...(outcome === 'known' ? [] : notes.map((note) => `  ${printable(note)}`)),
  ];
}
