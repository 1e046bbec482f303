import { keyTypeOf } from '../certificates/key.ts';
import { storedState } from '../certificates/stored-state.ts';
import type { SolverOptions } from '../challenges/option-list.ts';
import { parseProof } from '../challenges/proof/proof.ts';
import { proofText } from '../challenges/proof/proof-words.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { FoundCertificate } from '../issuance/certificate/adopt-found.ts';
import { assertAccount, assertRoomFor } from '../issuance/certificate/adopt-found.ts';
import { accountAt } from '../ledger/accounts.ts';
import { certificateByName, type WantedCertificate } from '../ledger/certificates/certificates.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { printable } from '../printable.ts';
import { authorityOfClient } from '../run/accounts/client-authority.ts';
import type { CommandContext } from '../run/run-context.ts';
import { shellWords } from '../shell-word.ts';
import { assertAsConfigured, configuredCertificates } from '../wanted/configured.ts';
import { rowReader } from '../wanted/row-reader.ts';
import { readFound } from './found-certificate.ts';
import { type Taken, placeOf } from './taken.ts';

/** A certificate that can be taken over, and what it would be. */
export interface Fit {
  taken: Taken;
  wanted: WantedCertificate;
  certificate: FoundCertificate;
}

/** Looks at each certificate of the clients. Nothing is written. */
export async function judge(
  judgement: Judgement,
  candidates: readonly ClientCertificate[],
): Promise<{ taken: Taken[]; fit: Fit[]; elsewhere: number }> {
  const [taken, fit]: [Taken[], Fit[]] = [[], []];
  let elsewhere = 0;
  for (const found of candidates) {
    const place = placeOf(found);
    try {
      const seen = await judgement(found, fit);
      if (seen === 'elsewhere') elsewhere += 1;
      else if (seen === 'known') taken.push({ ...place, outcome: 'known', error: null });
      else {
        taken.push(seen.taken);
        fit.push(seen);
      }
    } catch (error) {
      if (!(error instanceof AcmeLedgerError)) throw error;
      taken.push({ ...place, outcome: 'failed', error: errorRecord(error) });
    }
  }
  return { taken, fit, elsewhere };
}

/** @throws AcmeLedgerError for a certificate that can't be taken over */
type Judgement = (found: ClientCertificate, before: readonly Fit[]) => Promise<Fit | 'known' | 'elsewhere'>;

/** How certificates are looked at, with this ledger and these options. */
export function judgeFor(
  context: CommandContext,
  ledger: Ledger,
  {
    solver,
    withHooks,
    accountsAt,
  }: { solver: SolverOptions | null; withHooks: boolean; accountsAt: ReadonlySet<string> },
): Judgement {
  const wantedOf = rowReader(context.settings, process.cwd(), true);
  const configured = configuredCertificates(context.settings);
  const { stateDir } = context.settings;
  return async (found, before) => {
    const authority = authorityOfClient(context, found);
    if (authority === 'elsewhere') return authority;
    const { name, names } = found;
    // What is wanted by that name stays as it is, whatever the client says.
    if ((await certificateByName(ledger, name))?.removed_at === null) return 'known';
    assertNotTaken(before, found);
    const proof = found.solver ?? solver ?? (context.settings.solvers.solvers.length > 0 ? {} : null);
    if (proof === null) throw unsolved(found);
    const options = { ...found.options, ...proof, certName: name };
    const asked = wantedOf({ names: [...names], ca: authority.directoryUrl, options });
    if (!withHooks) assertNoHooks(found);
    const certificate = await readFound(found, names);
    const keyType = keyTypeOf(certificate.facts.publicKey);
    const wanted = { ...asked, keyType: keyType ?? asked.keyType };
    assertAsConfigured(configured, wanted);
    assertAccount(accountsAt.has(wanted.ca) || (await accountAt(ledger, wanted.ca)) !== undefined, wanted);
    assertRoomFor(name, await storedState(stateDir, name), certificate);
    return { taken: takenOf(found, wanted, certificate), wanted, certificate };
  };
}

function takenOf(found: ClientCertificate, wanted: WantedCertificate, { facts }: FoundCertificate): Taken {
  const place = placeOf(found);
  const isOdd = keyTypeOf(facts.publicKey) === null;
  return {
    ...place,
    notes: [
      ...place.notes,
      ...(isOdd ? [`its next key will be ${wanted.keyType}: acme-ledger makes none like this`] : []),
    ],
    outcome: 'would-add',
    endsAt: facts.notAfter,
    serial: facts.serial,
    provenBy: proofText(parseProof(wanted.settings)),
    error: null,
  };
}

/** @throws AcmeLedgerError `usage` when another certificate has the name */
function assertNotTaken(before: readonly Fit[], { name, names, file }: ClientCertificate): void {
  const other = before.find(({ wanted }) => wanted.name === name);
  if (other === undefined) return;
  throw new AcmeLedgerError(
    'usage',
    `${printable(other.taken.file)} is for a certificate ${printable(name)}, too`,
    {
      hint: `${printable(file)} can be added under another name: acme-ledger cert add --cert-name NAME ${shellWords(names.map(printable))}`,
    },
  );
}

/** @throws AcmeLedgerError `usage` where the client's files name commands: acme-ledger would run them as its own user, mostly root */
function assertNoHooks(found: ClientCertificate): void {
  const { hook, cleanupHook } = found.solver ?? {};
  const commands = [hook ?? [], cleanupHook ?? [], found.options.deployHook ?? []].flat();
  if (commands.length === 0) return;
  const shown = commands.map(printable).join(' and ');
  throw new AcmeLedgerError(
    'usage',
    `${found.client} runs ${commands.length === 1 ? 'a command' : 'commands'} for it, which acme-ledger would run from now on: ${shown}`,
    { hint: 'if that is right, add --with-hooks' },
  );
}

function unsolved({ unsolved: reason }: ClientCertificate): AcmeLedgerError {
  return new AcmeLedgerError('usage', reason ?? 'nothing says how its names are proven', {
    hint: 'say it: repeat this with --webroot DIR or --hook CMD, which hold for all of these; with --only NAME for one alone',
  });
}
