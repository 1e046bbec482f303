import pLimit from 'p-limit';
import { type SolverOptions, hasSolverOptions, solverOptionNames } from '../challenges/option-list.ts';
import { flagOf } from '../challenges/solver-option.ts';
import { certificateClients, certificatesOfClient } from '../clients/client-certificates.ts';
import { AcmeLedgerError, errorRecord, hasCode } from '../errors.ts';
import { adoptFound } from '../issuance/certificate/adopt-found.ts';
import type { ClientChoice } from '../run/accounts/key-sources.ts';
import { parseClientChoice, unreadableError } from '../run/accounts/key-sources.ts';
import type { RunWriter } from '../run/ledger-writing.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import { type Fit, judge, judgeFor } from './judge.ts';
import { linkServed } from './link-served.ts';
import { type Taken, unknownPlace } from './taken.ts';

export interface CertificateImport {
  /** `CLIENT[:DIR]` each. */
  clients: readonly string[];
  /** How names are proven where the client's files don't say it. */
  solver: SolverOptions;
  /** The certificates' names; all of them when there is none. */
  only: readonly string[];
  /** Make links into the store of the clients' own files. */
  link: boolean;
  /** Take over the commands that the clients run for them, too. */
  withHooks: boolean;
  dryRun: boolean;
  /** The directory URLs of CAs at which there will be an account. */
  accountsAt: ReadonlySet<string>;
}

/** Certificates of other clients, and how many are at other CAs than the one of `--ca`. */
export interface ImportedCertificates {
  taken: Taken[];
  elsewhere: number;
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

/** @throws AcmeLedgerError `usage` for options about certificates that would have no effect */
export function assertNoneOfCertificates(
  solver: SolverOptions,
  { only, link }: Pick<CertificateImport, 'only' | 'link'>,
): void {
  const given = solverOptionNames.find((name) => solver[name] !== undefined);
  const own = only.length > 0 ? '--only' : link ? '--link' : null;
  const flag = given === undefined ? own : flagOf(given);
  if (flag === null) return;
  throw new AcmeLedgerError('usage', `${flag} is for certificates, and none are taken over`, {
    hint: 'add --certificates, or leave it out',
  });
}

/** Takes the clients' certificates over as they stand, where the ledger has none of their names. */
export async function takeCertificates(
  context: CommandContext,
  given: CertificateImport,
): Promise<ImportedCertificates> {
  const taken: Taken[] = [];
  const candidates: ClientCertificate[] = [];
  for (const text of given.clients) {
    const { client, directory } = parseClientChoice(text, '--import-accounts');
    const found = await certificatesOfClient(client, directory);
    for (const one of found?.unreadable ?? []) {
      const error = errorRecord(unreadableError(one));
      taken.push({ ...unknownPlace, client, file: one.file, outcome: 'failed', error });
    }
    candidates.push(...(found?.certificates ?? []).filter(isAmong(given.only)));
  }
  const solver = hasSolverOptions(given.solver) ? given.solver : null;
  const judged = await withLedger(context.settings, (ledger) =>
    judge(judgeFor(context, ledger, { ...given, solver }), candidates),
  );
  const added =
    given.dryRun || judged.fit.length === 0
      ? new Map<Taken, Taken>()
      : await withLedgerWriter(context, 'account import', (writer) => adoptAll(context, writer, judged.fit));
  const adopted = judged.taken.map((one) => added.get(one) ?? one);
  const linked = given.link ? await linkAll(context, candidates, adopted, given) : adopted;
  return { elsewhere: judged.elsewhere, taken: [...taken, ...linked] };
}

/** Makes links of the clients' own files of what is here now. */
async function linkAll(
  { settings }: CommandContext,
  candidates: readonly ClientCertificate[],
  taken: readonly Taken[],
  options: { dryRun: boolean },
): Promise<Taken[]> {
  const byFile = new Map(candidates.map((found) => [found.file, found]));
  const results: Taken[] = [];
  for (const one of taken) {
    const found = byFile.get(one.file);
    if (found === undefined || one.outcome === 'failed') results.push(one);
    else {
      results.push({ ...one, ...(await linkServed(settings.stateDir, found, options)) });
    }
  }
  return results;
}

function isAmong(only: readonly string[]): (found: { name: string }) => boolean {
  return ({ name }) => only.length === 0 || only.includes(name);
}

/** Files are written and waited for; what is written into the ledger goes one by one. */
const atOnce = 8;

/** @returns the results of these certificates, by what was found of them */
async function adoptAll(
  context: CommandContext,
  writer: RunWriter,
  fit: readonly Fit[],
): Promise<Map<Taken, Taken>> {
  const limit = pLimit(atOnce);
  const results = await Promise.allSettled(
    fit.map((one) =>
      limit(async () => {
        context.stops.work.throwIfAborted();
        return adopt(context, writer, one);
      }),
    ),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return new Map(
    results.flatMap((result, index) => {
      const before = fit[index]?.taken;
      return result.status === 'fulfilled' && before !== undefined ? [[before, result.value] as const] : [];
    }),
  );
}

async function adopt(
  { settings }: CommandContext,
  writer: RunWriter,
  { taken, wanted, certificate }: Fit,
): Promise<Taken> {
  try {
    const isNew = await adoptFound(writer, settings.stateDir, wanted, certificate);
    return { ...taken, outcome: isNew ? 'added' : 'known' };
  } catch (error) {
    // Anything else is the fault of the ledger or of this machine, and would meet the others, too.
    if (!hasCode(error, 'usage', 'store', 'bad-name', 'bad-file')) throw error;
    return { ...taken, outcome: 'failed', error: errorRecord(error) };
  }
}
