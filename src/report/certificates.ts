import { proofShown, type ProofShown } from './texts/proven-by.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import { readStored } from '../certificates/store.ts';
import { onlySettings, parseProof } from '../challenges/proof/proof.ts';
import { kindOf, type SolverSettings } from '../challenges/settings.ts';
import { later, systemClock } from '../clock.ts';
import { hasCode } from '../errors.ts';
import { renewalOf } from '../issuance/due/renewal-window.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import { lastProven } from '../ledger/names/failing-names.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { type Standing, type Standings, standingsNow } from '../plan/standings.ts';
import type { CommandContext } from '../run/run-context.ts';
import { foundCertificate } from '../wanted/found-certificate.ts';
import { withWanted } from '../wanted/write-configured.ts';
import { type CertificateJson, certificateJson } from './certificate-json.ts';
import { isFailing, statusesOf } from './certificate-status.ts';
import type { CertificateSort, CertificateStatus, ListChoice } from './lists/list-words.ts';
import { type Key, globMatcher, isOlder, sortedBy } from './lists/selection.ts';

/** Which certificates `cert list` shows, and in which order. */
export interface CertificateChoice extends ListChoice<CertificateStatus, CertificateSort> {
  /** Only those that are due, waiting ones included. */
  due: boolean;
  failing: boolean;
  /** Only stored ones that end within this time, or have ended. */
  endsWithinMs: number | null;
}

/**
 * The certificates that should exist, one after the other: ten thousand are more files than a process may
 * have open.
 * @param options.withFiles whether the certificates' files are read, too
 * @param act gets a failure where a certificate's files can't be read: the certificate is shown as if they
 * weren't there
 */
export async function eachCertificate(
  context: CommandContext,
  { withFiles, choice }: { withFiles: boolean; choice: CertificateChoice },
  act: (certificate: CertificateJson, failure?: unknown) => void,
): Promise<void> {
  await withWanted(context, async (ledger) => {
    const standings = await standingsNow(context, ledger);
    for (const row of await chosenRows(context, ledger, standings, choice)) {
      const standing = standings.get(row.name);
      const withoutFiles = certificateJson(row, null, standing, context.settings.solvers);
      if (!withFiles) act(withoutFiles);
      else {
        await shown(context, row, standing).then(
          (certificate) => act(certificate),
          (error: unknown) => act(withoutFiles, error),
        );
      }
    }
  });
}

async function chosenRows(
  { settings }: CommandContext,
  ledger: Ledger,
  standings: Standings,
  choice: CertificateChoice,
): Promise<CertificateRow[]> {
  const now = systemClock.now();
  const { statuses, nameLike, endsWithinMs, sort = 'name' } = choice;
  const ca = settings.caGiven ? authorityOf(settings.ca).directoryUrl : null;
  const isNamed = nameLike === undefined ? null : globMatcher(nameLike);
  const endsBefore = endsWithinMs === null ? null : later(now, endsWithinMs);
  const isChosen = (row: CertificateRow): boolean => {
    const standing = standings.get(row.name);
    if (ca !== null && row.ca !== ca) return false;
    if (isNamed !== null && ![row.name, ...row.names].some(isNamed)) return false;
    if (choice.due && standing === undefined) return false;
    if (choice.failing && !isFailing(row)) return false;
    if (endsBefore !== null && (row.not_after === null || row.not_after > endsBefore)) return false;
    if (!isOlder(row.not_before, choice.olderThanMs, now)) return false;
    return statuses === undefined || statusesOf(row, standing, now).some((one) => statuses.includes(one));
  };
  const rows = (await listCertificates(ledger)).filter(isChosen);
  return sortedBy(rows, sortKeys(standings)[sort]).slice(0, choice.limit);
}

function sortKeys(standings: Standings): Record<CertificateSort, (row: CertificateRow) => Key> {
  return {
    name: ({ name }) => name,
    due: (row) => (standings.has(row.name) ? null : (renewalOf(row)?.dueAt ?? null)),
    ends: ({ not_after }) => not_after,
    ca: ({ ca }) => ca,
    // Those that failed, the longest ago first; then the others.
    failed: (row) => (isFailing(row) ? row.last_attempt_at : Infinity),
  };
}

/** A certificate, how its names are proven, and when they last were. */
export interface ShownCertificate {
  certificate: CertificateJson;
  /** The programs that root runs and the directories that it writes to, where they are the same for all names. */
  own: () => { settings: SolverSettings; label: string; text: string } | null;
  proof: ProofShown;
  /** When the CA last found each of its names proven, the first and the last of these times. */
  provenAt: { first: Date; last: Date } | null;
}

/**
 * A certificate by its name, or by a name that only it has.
 * @throws AcmeLedgerError `not-found`; `usage` when several have the name
 */
export async function oneCertificate(context: CommandContext, name: string): Promise<ShownCertificate> {
  return withWanted(context, async (ledger) => {
    const row = await foundCertificate(ledger, name);
    const certificate = await shown(context, row, (await standingsNow(context, ledger)).get(row.name));
    const times = row.account_id === null ? [] : await lastProven(ledger, row.account_id, row.names);
    const [first, last] = [times[0], times.at(-1)];
    return {
      certificate,
      own: () => ownProof(row.settings),
      proof: proofShown(row.settings, row.names, context.settings.solvers),
      provenAt: first === undefined || last === undefined ? null : { first, last },
    };
  });
}

/** Null for a proof that can't be read, which the lines of `proof` tell: the rest of the certificate is shown all the same. */
function ownProof(stored: object): ReturnType<ShownCertificate['own']> {
  const settings = readable(stored);
  return settings === null ? null : { settings, ...kindOf(settings).shown(settings) };
}

function readable(stored: object): ReturnType<typeof onlySettings> {
  try {
    return onlySettings(parseProof(stored));
  } catch (error) {
    if (hasCode(error, 'ledger')) return null;
    throw error;
  }
}

async function shown(
  { settings }: CommandContext,
  row: CertificateRow,
  standing: Standing | undefined,
): Promise<CertificateJson> {
  return certificateJson(row, await readStored(settings.stateDir, row.name), standing, settings.solvers);
}
