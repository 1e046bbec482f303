import { authorityOf } from '../acme/authorities/authorities.ts';
import { isAboutTheCa } from '../error-kinds.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import type { Stage } from '../issuance/attempt/rehearse.ts';
import { type DueCertificate, namesKeysOf } from '../issuance/due/due.ts';
import { withUnownedSettled } from '../issuance/order/unowned-orders.ts';
import type { OutageOptions } from '../issuance/waiting/outage.ts';
import { removeFullBuckets } from '../ledger/limits/limit-buckets.ts';
import { eachAuthority } from '../run/accounts/each-account.ts';
import { withAccountRun } from '../run/open-account.ts';
import { onStage } from '../run/rehearsal-stage.ts';
import type { CommandContext } from '../run/run-context.ts';
import { stagingOf } from '../run/staging.ts';
import { lookBefore } from '../preflight/before-order/look-before.ts';
import { lookAtServed } from '../preflight/before-order/look-served.ts';
import { renewAll } from './renew-all.ts';
import type { RenewOptions, Renewed } from './work.ts';

export interface TimedRun {
  mayStart: () => boolean;
  /** How much of `--max-time` is left. */
  leftMs: () => number;
  outageLeftMs: OutageOptions['leftMs'];
}

export interface PartOfRun extends RenewOptions, TimedRun {
  /**
   * Called for a CA where something slow is left of earlier runs: it is done when all certificates are;
   * missing when they are.
   */
  postpone?: (ca: string) => void;
  /** All certificates that this run is going to work on: orders that dead runs left are kept for them. */
  coming: readonly DueCertificate[];
}

/** Renews these certificates at one CA, each reported once, and settles what dead runs left there. */
export async function renewAt(
  context: CommandContext,
  ca: string,
  certificates: readonly DueCertificate[],
  options: PartOfRun,
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  const run = {
    command: 'renew',
    mayRegister: certificates.length > 0,
    concurrency: options.concurrency,
    patienceMs: options.waitMs,
    outageLeftMs: options.outageLeftMs,
    addsNames: options.yes,
  };
  const told = new Set<string>();
  const tell = (renewed: Renewed): void => {
    told.add(renewed.certificate.name);
    onResult(renewed);
  };
  try {
    await withAccountRun(context, authorityOf(ca), run, (accountRun) =>
      settleAndRenew(context, looking(context, accountRun, options), certificates, options, tell),
    );
  } catch (error) {
    const left = certificates.filter(({ certificate }) => !told.has(certificate.name));
    if (left.length === 0 || !(error instanceof AcmeLedgerError && isAboutTheCa(error))) throw error;
    // The CA can't be worked with now: each of its certificates is reported, and the summary counts it.
    const status = error.code === 'ca-limit' ? 'deferred' : 'failed';
    for (const { certificate } of left) onResult({ certificate, status, error: errorRecord(error) });
  }
}

/** The run, looking at names before it orders them where that is wanted. */
function looking({ settings }: CommandContext, run: AccountRun, { looks }: PartOfRun): AccountRun {
  return looks ? { ...run, look: lookBefore(settings), lookAtServed: lookAtServed(settings) } : run;
}

async function settleAndRenew(
  context: CommandContext,
  run: AccountRun,
  certificates: readonly DueCertificate[],
  options: PartOfRun,
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  // No attempt will take up the order of a certificate for which only its deploy hook is due.
  const ordered = certificates.filter(({ due }) => due.reason !== 'not-deployed');
  const coming = [...certificates, ...options.coming].filter(({ due }) => due.reason !== 'not-deployed');
  const namesKeys = namesKeysOf(coming);
  await removeFullBuckets(run);
  const staging = options.rehearse && ordered.length > 0 ? stagingOf(context, run.account.ca) : null;
  const { leftMs, postpone } = options;
  const later = { leftMs, postpone };
  const renewOn = (working: AccountRun, stage: Stage | null): Promise<void> =>
    renewAll(working, certificates, { ...options, stage }, onResult);
  await withUnownedSettled(
    run,
    namesKeys,
    (working) =>
      staging === null
        ? renewOn(working, null)
        : onStage(context, working, { staging, namesKeys, later }, (stage) => renewOn(working, stage)),
    later,
  );
}

/**
 * Does what is slow of that which earlier runs left at these CAs, such as answers to take down by a hook that
 * may hang, now that nothing waits for it.
 */
export async function takeDownLeft(
  context: CommandContext,
  run: RenewOptions & TimedRun,
  authorities: readonly string[],
): Promise<void> {
  try {
    await eachAuthority(context, authorities, (ca) =>
      renewAt(context, ca, [], { ...run, coming: [] }, () => undefined),
    );
  } catch (error) {
    context.stops.work.throwIfAborted();
    context.log.warn(
      { error: errorRecord(error) },
      'what earlier runs put up could not be taken down; the next renew tries again',
    );
  }
}
