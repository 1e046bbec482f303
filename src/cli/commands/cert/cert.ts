import type { Command } from 'commander';
import type { SolverSettings } from '../../../challenges/settings.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import type { CertificateRow } from '../../../ledger/schema.ts';
import { printable } from '../../../printable.ts';
import { certificateJson } from '../../../report/shapes.ts';
import type { CommandContext } from '../../../run/run-context.ts';
import { wantedCertificate } from '../../../wanted/wanted-certificate.ts';
import { complain } from '../../output/output.ts';
import { shortened } from '../../output/wording.ts';
import type { Runner } from '../../runner.ts';

/** `cert list`, `cert show` and `cert remove`. */
export function certCommands(cert: Command, runner: Runner): void {
  certList(cert, runner);
  certShow(cert, runner);
  certRemove(cert, runner);
}

function certList(cert: Command, runner: Runner): void {
  const command = cert.command('list').description('list the certificates that should exist');
  runner.bind(command, async (context) => {
    const { withWanted } = await import('../../../wanted/write-configured.ts');
    const { listCertificates } = await import('../../../ledger/certificates/certificates.ts');
    return withWanted(context, async (ledger) => {
      const rows = await listCertificates(ledger);
      if (context.output.json) return tellEach(context, rows);
      const shown = await Promise.all(
        rows.map(async (row) => certificateJson(row, await dueAtOf(row), null)),
      );
      if (shown.length > 0) {
        await context.output.table(
          ['NAME', 'NAMES', 'NOT AFTER', 'DUE', 'LAST ERROR'],
          shown.map((row) => [
            row.name,
            String(row.names.length),
            row.notAfter?.slice(0, 19) ?? 'not issued',
            row.dueAt?.slice(0, 19) ?? 'now',
            shortened(row.lastError?.message ?? ''),
          ]),
        );
      }
      return 0;
    });
  });
}

/** One after the other: ten thousand are more files than a process may have open. @returns 1 when one can't be read */
async function tellEach(context: CommandContext, rows: readonly CertificateRow[]): Promise<number> {
  let exitCode = 0;
  for (const row of rows) {
    const shown = await shape(context, row).catch(async (error: unknown) => {
      complain(error);
      exitCode = 1;
      return certificateJson(row, await dueAtOf(row), null);
    });
    context.output.line(shown, () => '');
  }
  return exitCode;
}

function certShow(cert: Command, runner: Runner): void {
  const command = cert.command('show').description('show one certificate').argument('<NAME>', 'its name');
  runner.bind(command, async (context, _options, [name = '']) => {
    const { withWanted } = await import('../../../wanted/write-configured.ts');
    return withWanted(context, async (ledger) => {
      const shown = await shape(context, await wantedCertificate(ledger, name));
      const proven = context.output.json ? [] : await provenText(shown.settings);
      context.output.result(shown, () => [
        `${shown.name}: ${issuedText(shown)}`,
        `  names     ${shown.names.join(' ')}`,
        ...(shown.leftOut.length === 0 ? [] : [`  lacks     ${shown.leftOut.join(' ')}`]),
        ...addedText(shown.stored),
        `  ca        ${shown.ca}`,
        `  valid     ${(shown.stored ?? shown).notBefore ?? '-'} to ${(shown.stored ?? shown).notAfter ?? '-'}`,
        `  due       ${shown.dueAt ?? 'now'}`,
        ...renewalText(shown.ari),
        `  key type  ${keyTypeText(shown)}`,
        ...proven,
        ...(shown.deployHook === null ? [] : [`  deploys   ${shown.deployHook}`]),
        ...Object.entries(shown.paths ?? {}).map(([what, path]) => `  ${what.padEnd(9)} ${String(path)}`),
        ...(shown.lastError === null ? [] : [`  last error  ${printable(shown.lastError.message)}`]),
      ]);
      return 0;
    });
  });
}

function certRemove(cert: Command, runner: Runner): void {
  const command = cert
    .command('remove')
    .description('stop wanting certificates: no more renewals; their files stay unless --delete-files')
    .argument('<NAME...>', 'their names')
    .option('--delete-files', 'also delete their files and their private keys');
  runner.bind<{ deleteFiles?: boolean }>(command, async (context, options, names) => {
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { removeWanted } = await import('../../../wanted/remove.ts');
    return withLedger(context.settings, async (ledger) => {
      // All are looked up before one is removed: a mistyped name is told while nothing has happened.
      for (const name of names) await assertNotConfigured(context, await wantedCertificate(ledger, name));
      for await (const removed of removeWanted(context, ledger, names, options.deleteFiles === true)) {
        context.output.line(
          removed,
          () => `${printable(removed.name)}: removed${removed.filesDeleted ? ', its files deleted' : ''}`,
        );
      }
      return 0;
    });
  });
}

/** The next renewal would want it again. @throws AcmeLedgerError `usage` */
async function assertNotConfigured({ settings }: CommandContext, row: CertificateRow): Promise<void> {
  const { configuredWishes } = await import('../../../wanted/configured.ts');
  const there = configuredWishes(settings).get(row.name);
  if (row.origin !== 'configuration' || there === undefined) return;
  throw new AcmeLedgerError('usage', `the configuration wants the certificate ${printable(row.name)}`, {
    hint: `take it out there (${there.origin.label.replace(/:$/, '')}), and the next acme-ledger renew removes it`,
  });
}

type Shown = ReturnType<typeof certificateJson>;

function issuedText({ stored, serial }: Shown): string {
  if (stored !== null) return `serial ${stored.serial}`;
  return serial === null ? 'not issued' : `serial ${serial}, and no files`;
}

/** Names that the certificate has and nobody wants, as the file shows it. */
function addedText(stored: Shown['stored']): string[] {
  if (stored === null || stored.added.length === 0) return [];
  return [`  added     ${stored.added.map(printable).join(' ')}`];
}

function keyTypeText({ keyType, stored }: Shown): string {
  const isOther = stored !== null && stored.keyType !== null && stored.keyType !== keyType;
  return isOther ? `${keyType}; that of the stored certificate is ${stored.keyType}` : keyType;
}

/** How its names are proven: as root, these are the programs that are run and the directories that are written to. */
async function provenText(settings: SolverSettings): Promise<string[]> {
  const { kindOf } = await import('../../../challenges/settings.ts');
  const { label, text } = kindOf(settings).shown(settings);
  return [`  ${label.padEnd(9)} ${text}`];
}

/** What the CA says of when to renew it. */
function renewalText(ari: ReturnType<typeof certificateJson>['ari']): string[] {
  if (ari === null) return [];
  const { windowStart, windowEnd, explanationUrl, askAt, error } = ari;
  return [
    ...(windowStart === null
      ? []
      : [`  window    ${windowStart} to ${windowEnd ?? '-'}, as the CA suggests (ARI)`]),
    ...(explanationUrl === null ? [] : [`  because   ${explanationUrl}`]),
    ...(error === null ? [] : [`  ari       ${error.message}; asked again at ${askAt ?? '-'}`]),
  ];
}

async function shape(context: CommandContext, row: CertificateRow) {
  const { readStored } = await import('../../../certificates/store.ts');
  const stored = await readStored(context.settings.stateDir, row.name);
  return certificateJson(row, await dueAtOf(row), stored);
}

async function dueAtOf(row: CertificateRow): Promise<Date | null> {
  // A revoked one is replaced by the next renew, however long it was good for.
  if (row.revoked_at !== null) return new Date(row.revoked_at);
  if (row.order_id === null) return null;
  const { renewalOf } = await import('../../../issuance/due/renewal-window.ts');
  return renewalOf(row)?.dueAt ?? null;
}
