import type { Authority } from '../acme/authorities/authorities.ts';
import { rehearsalAuthority } from '../acme/authorities/stagings.ts';
import type { Directory } from '../acme/objects/resources.ts';
import { readStored } from '../certificates/store.ts';
import { parseDuration } from '../duration.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { ErrorRecord } from '../errors.ts';
import { identifierSetKey } from '../identifiers.ts';
import { deployOrLeave } from '../issuance/certificate/deploy.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import type { Attempt } from '../issuance/attempt/attempt.ts';
import { obtainAsked } from '../issuance/attempt/obtain-asked.ts';
import { obtainRehearsed } from '../issuance/attempt/obtain-rehearsed.ts';
import { missingNames } from '../issuance/names/name-choice.ts';
import type { FailedNamePolicy } from '../policies.ts';
import { settleLater } from '../issuance/order/settle-later.ts';
import { settleUnowned, withUnownedSettled } from '../issuance/order/unowned-orders.ts';
import { accountAt } from '../ledger/accounts.ts';
import { listedAuthorization } from '../ledger/authorizations/authorization-list.ts';
import { authorizationsOf } from '../ledger/authorizations/authorizations.ts';
import { recordWanted } from '../ledger/certificates/certificates.ts';
import { type CertificatePause, pauseOf } from '../ledger/certificates/pauses.ts';
import { orderById, unkeepOrdersOf } from '../ledger/orders/orders.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import type { IssueOptions } from '../settings/certificate-fields.ts';
import type { CommandContext } from '../run/run-context.ts';
import { leftOutText } from '../report/left-out.ts';
import { withAccountRun } from '../run/open-account.ts';
import { onStage } from '../run/rehearsal-stage.ts';
import { lookBefore } from '../preflight/before-order/look-before.ts';
import { lookAtServed } from '../preflight/before-order/look-served.ts';
import { isAlreadyIssued } from './already-issued.ts';
import { authorizationJson } from '../report/ledger-json.ts';
import type { Change } from '../wanted/changes.ts';
import { recordTyped } from '../wanted/record-typed.ts';
import { type TypedCertificate, typedCertificate } from '../wanted/typed.ts';

/** The names and options of `issue`, checked; nothing is sent or written for them yet. */
export interface IssuePlan extends TypedCertificate {
  waitMs: number;
  force: boolean;
  /** The CA is asked in spite of its holds. */
  now: boolean;
  /** New names are asked for, however many. */
  yes: boolean;
  onFailedName: FailedNamePolicy;
  /** Names are looked at without the CA before they are ordered. */
  looks: boolean;
  /** The staging where the order is rehearsed first; null: nowhere. */
  staging: Authority | null;
}

/** @throws AcmeLedgerError with exit code 2 for anything that a person can have got wrong */
export async function planIssue(
  context: CommandContext,
  names: readonly string[],
  options: IssueOptions,
): Promise<IssuePlan> {
  const planned = await typedCertificate(context, names, options);
  return {
    ...planned,
    // The names of a CSR are its own.
    onFailedName: planned.wanted.csr === null ? (context.settings.onFailedName ?? 'fail') : 'fail',
    waitMs: options.wait === undefined ? 0 : parseDuration(options.wait, '--wait'),
    force: options.force === true,
    now: options.now === true,
    looks: options.check !== false,
    yes: options.yes === true,
    staging:
      options.rehearse === true ? rehearsalAuthority(planned.authority, context.settings.rehearsalCa) : null,
  };
}

export interface IssueReport {
  exitCode: number;
  /** The attempt ended with its rehearsal: the CA wasn't asked. */
  isOfRehearsal: boolean;
  certificateName: string;
  /** False where the certificate that stands is good enough. */
  isOrdered: boolean;
  /** `3 of 10 names: …` of the names that the certificate lacks; null when it has all. */
  leftOutText: string | null;
  json: {
    status: Attempt['status'];
    certificate: Awaited<ReturnType<typeof certificateShape>>;
    order: object | null;
    authorizations: object[];
    /** Names that are wanted and that the certificate lacks: they failed. */
    leftOut?: string[];
    /** What the command line changed of a certificate that was wanted already. */
    changes?: Change[];
    error: ErrorRecord | null;
  } & Standing;
}

/** What `renew` makes of the certificate from now on, where a person may not expect it. */
interface Standing {
  /** There is no certificate, and the next `renew` tries again. */
  staysWanted?: true;
  /** `renew` leaves it alone. */
  paused?: CertificatePause;
}

/**
 * Issues one certificate, from the plan to the files; orders that a dead run left behind are settled on the
 * way.
 * @param plan.authority where the certificate is ordered now, which may be another CA than the one that it is
 * wanted from
 */
export async function issueAt(context: CommandContext, plan: IssuePlan): Promise<IssueReport> {
  const options = {
    command: 'issue',
    mayRegister: true,
    patienceMs: plan.waitMs,
    overridesHolds: plan.now,
    addsNames: plan.yes,
  };
  return withAccountRun(context, plan.authority, options, async (opened) => {
    const run = plan.looks
      ? { ...opened, look: lookBefore(context.settings), lookAtServed: lookAtServed(context.settings) }
      : opened;
    assertOffered(run.session.directory, plan.wanted.profile);
    const ours = identifierSetKey(plan.identifiers);
    await unkeepOrdersOf(run, plan.wanted.name, ours);
    const attempt = await withUnownedSettled(run, new Set([ours]), (working) =>
      storedOrOrdered(context, working, plan),
    );
    return reportOf(run, plan, attempt);
  });
}

async function storedOrOrdered(context: CommandContext, run: AccountRun, plan: IssuePlan): Promise<Attempt> {
  // The certificate is looked at only now: settling may have taken minutes, in which another run brought the
  // certificate.
  const isStanding = !plan.force && (await isAlreadyIssued(run.ledger, run.stateDir, plan));
  const accountId = await wantedAccount(run, plan);
  const certificate = await recordTyped(context, run, plan, (tx) => recordWanted(tx, plan.wanted, accountId));
  if (isStanding) await settleOwn(run, identifierSetKey(plan.identifiers));
  return isStanding ? deployStanding(run, certificate) : orderAsked(context, run, certificate, plan);
}

/**
 * Settles the order for these names of a run that was killed when the files were in place: no attempt will
 * take it up.
 */
async function settleOwn(run: AccountRun, namesKey: string): Promise<void> {
  const { forLater } = await settleUnowned(run, { includeKept: false, skipNamesKeys: new Set() });
  const own = forLater.filter(
    (order) => order.names_key === namesKey && order.concluded_at === null && order.stuck_at === null,
  );
  await settleLater(run, own, { leftMs: () => Infinity });
  run.forLater?.push(...forLater.filter((order) => !own.includes(order)));
}

/** The account at the CA that the certificate is wanted from; null where there is none yet. */
async function wantedAccount({ account, ledger }: AccountRun, { wanted }: IssuePlan): Promise<number | null> {
  if (account.ca === wanted.ca) return account.id;
  return (await accountAt(ledger, wanted.ca))?.id ?? null;
}

async function orderAsked(
  context: CommandContext,
  run: AccountRun,
  certificate: CertificateRow,
  { staging, ...plan }: IssuePlan,
): Promise<Attempt> {
  if (staging === null) return obtainAsked(run, certificate, plan);
  return onStage(context, run, { staging, namesKeys: [identifierSetKey(plan.identifiers)] }, (stage) =>
    obtainRehearsed(run, stage, certificate, plan),
  );
}

/**
 * A profile that the CA doesn't list would only spend a new order (draft-ietf-acme-profiles:
 * `meta.profiles`).
 */
function assertOffered({ meta }: Directory, profile: string | null): void {
  const offered = Object.keys(meta.profiles);
  if (profile === null || offered.includes(profile)) return;
  throw new AcmeLedgerError('usage', `the CA has no profile "${printable(profile)}"`, {
    hint:
      offered.length === 0
        ? 'it has none at all: leave --profile out'
        : `its profiles are: ${offered.map(printable).join(', ')}`,
  });
}

/** Orders nothing for a certificate that stands; a deploy hook that failed the last time is run again. */
async function deployStanding(run: AccountRun, certificate: CertificateRow): Promise<Attempt> {
  const error = certificate.deployed_at === null ? await deployOrLeave(run, certificate) : null;
  return { status: 'issued', certificate, orderId: null, error };
}

async function reportOf(run: AccountRun, plan: IssuePlan, attempt: Attempt): Promise<IssueReport> {
  const order = attempt.orderId === null ? undefined : await orderById(run.ledger, attempt.orderId);
  const rows = attempt.orderId === null ? [] : await authorizationsOf(run.ledger, attempt.orderId);
  const listed = await Promise.all(rows.map((row) => listedAuthorization(run.ledger, { id: row.id })));
  const certificate = await certificateShape(run, attempt);
  const leftOut = certificate === null ? [] : missingNames(attempt.certificate);
  return {
    exitCode: exitCodeOfAttempt(attempt),
    isOfRehearsal: attempt.isOfRehearsal === true,
    certificateName: attempt.certificate.name,
    isOrdered: attempt.orderId !== null,
    leftOutText: leftOutText(attempt.certificate),
    json: {
      status: attempt.status,
      certificate,
      order: order === undefined ? null : { id: order.id, url: order.url, status: order.status },
      authorizations: listed.flatMap((row) => (row === undefined ? [] : [authorizationJson(row)])),
      ...(leftOut.length === 0 ? {} : { leftOut }),
      ...(plan.changes.length === 0 ? {} : { changes: plan.changes }),
      ...standingOf(run, attempt),
      error: attempt.error,
    },
  };
}

function standingOf({ clock }: AccountRun, { status, certificate }: Attempt): Standing {
  const paused = pauseOf(certificate, clock.now());
  return {
    ...(status === 'issued' || certificate.stored_at !== null ? {} : { staysWanted: true }),
    ...(paused === null ? {} : { paused }),
  };
}

async function certificateShape(run: AccountRun, attempt: Attempt) {
  if (attempt.status !== 'issued') return null;
  const stored = await readStored(run.stateDir, attempt.certificate.name);
  if (stored === null) return null;
  const { fullchain, cert, chain, privkey } = stored.paths;
  return {
    name: stored.name,
    names: stored.names,
    serial: stored.serial,
    notBefore: stored.notBefore,
    notAfter: stored.notAfter,
    paths: { fullchain, cert, chain, privkey },
  };
}

function exitCodeOfAttempt(attempt: Attempt): number {
  if (attempt.error?.code === 'order-rule') return 2;
  if (attempt.status === 'deferred') return 75;
  if (attempt.error?.code === 'gate-too-small') return 2;
  if (attempt.error?.code === 'bug') return 70;
  return attempt.status === 'failed' || attempt.error !== null ? 1 : 0;
}
