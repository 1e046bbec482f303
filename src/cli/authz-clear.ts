import type { Command } from 'commander';
import { parseDuration } from '../duration.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { Cleared } from '../issuance/clearing.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from './context.ts';
import { parseCount } from './parse-count.ts';
import { complain } from './output.ts';
import type { Runner } from './runner.ts';
import { counted } from './wording.ts';

interface Options {
  dryRun?: boolean;
  olderThan?: string;
  all?: boolean;
  concurrency: string;
}

export interface ClearSummary {
  seen: number;
  pending: number;
  deactivated: number;
  submitted: number;
  refused: number;
  failed: number;
  gone: number;
  foreign: number;
}

export function authzClear(authz: Command, runner: Runner): void {
  const command = authz
    .command('clear')
    .description(
      'settle every leak: ask the CA for each state, deactivate what is pending and unsubmitted, take down what is presented',
    )
    .argument('[URL...]', 'only these authorizations, also ones that the ledger does not know')
    .option('--dry-run', 'say what would happen and what it costs; nothing is deactivated')
    .option('--older-than <DURATION>', 'only authorizations made longer ago')
    .option('--all', 'also those that are kept for the next attempt (policy resume)')
    .option('--concurrency <N>', 'requests at one time', '10');
  runner.bind<Options>(command, runClear);
}

async function runClear(context: CommandContext, options: Options, urls: readonly string[]): Promise<number> {
  const concurrency = parseCount(options.concurrency, '--concurrency');
  const olderThanMs =
    options.olderThan === undefined ? null : parseDuration(options.olderThan, '--older-than');
  const { eachAccount } = await import('./each-account.ts');
  const { clear } = await import('../issuance/clearing.ts');
  const { startProgress } = await import('./progress.ts');
  const { assertAuthorizationUrls } = await import('./authorization-urls.ts');
  await assertAuthorizationUrls(context, urls);
  const summary: ClearSummary = {
    seen: 0,
    pending: 0,
    deactivated: 0,
    submitted: 0,
    refused: 0,
    failed: 0,
    gone: 0,
    foreign: 0,
  };
  let toDeactivate = 0;
  let stillPresented = 0;
  await eachAccount(context, 'authz clear', async (issuance) => {
    const progress = startProgress(context, 'authorizations');
    try {
      const left = await clear(
        issuance,
        {
          urls,
          all: options.all === true,
          olderThan: olderThanMs === null ? null : new Date(Date.now() - olderThanMs),
          concurrency,
          dryRun: options.dryRun === true,
        },
        (cleared) => {
          count(summary, cleared);
          if (cleared.action === 'would-deactivate') toDeactivate += 1;
          progress.done();
          context.output.line(cleared, textOf);
        },
        (total) => {
          progress.expect(total);
        },
      );
      stillPresented += left.stillPresented;
    } finally {
      progress.stop();
    }
  });
  context.output.line({ summary }, () => summaryText(summary, options.dryRun === true ? toDeactivate : null));
  if (stillPresented > 0) complain(notTakenDown(stillPresented));
  return summary.failed > 0 || stillPresented > 0 ? 1 : 0;
}

function notTakenDown(answers: number): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `${counted(answers, 'answer')} to challenges could not be taken down, as the warnings say; nothing is open at the CA because of it`,
    { hint: 'mend the hook or the folder, then run acme-ledger authz clear again' },
  );
}

function count(summary: ClearSummary, { action, after }: Cleared): void {
  summary.seen += 1;
  if (after === 'pending') summary.pending += 1;
  switch (action) {
    case 'deactivated':
    case 'refused':
    case 'failed':
    case 'gone':
    case 'foreign':
      summary[action] += 1;
      break;
    case 'resumable':
    case 'already-final':
    case 'would-deactivate':
      break;
  }
}

function textOf(cleared: Cleared): string {
  const reason = cleared.reason === null ? '' : ` (${printable(cleared.reason)})`;
  return `${cleared.action}  ${printable(cleared.identifier ?? '?')}  ${printable(cleared.url)}${reason}`;
}

function summaryText(summary: ClearSummary, toDeactivate: number | null): string[] {
  const deactivated =
    toDeactivate === null
      ? `${String(summary.deactivated)} deactivated`
      : `${String(toDeactivate)} would be deactivated`;
  const counts = `${String(summary.seen)} seen, ${deactivated}, ${String(summary.pending)} still pending, ${String(summary.refused)} refused, ${String(summary.gone)} gone, ${String(summary.foreign)} of other accounts, ${String(summary.failed)} failed`;
  if (toDeactivate === null || toDeactivate === 0) return [counts];
  return [
    counts,
    `it costs ${counted(toDeactivate, 'request')}; at Let's Encrypt each counts as a failed validation of its name (5 an hour)`,
  ];
}
