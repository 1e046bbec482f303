import { provenByText } from '../../challenges/settings.ts';
import { timeText } from '../../clock.ts';
import type { oneCertificate } from '../certificates.ts';
import { minuteOf } from '../due-text.ts';
import { nextStep } from '../next-step.ts';
import { pausedText } from '../paused-text.ts';
import { shellWord } from '../../shell-word.ts';
import { printable } from '../../printable.ts';

type Shown = Awaited<ReturnType<typeof oneCertificate>>;
type Certificate = Shown['certificate'];

/** A certificate, for a person. */
export function certificateText({ certificate: shown, own, proof, provenAt }: Shown): string[] {
  const next = nextStep(shown);
  const { notBefore, notAfter } = shown.stored ?? shown;
  return [
    `${shown.name}: ${issuedText(shown)}`,
    `  names     ${shown.names.join(' ')}`,
    ...(shown.leftOut.length === 0 ? [] : [`  lacks     ${shown.leftOut.join(' ')}`]),
    ...addedText(shown.stored),
    `  ca        ${shown.ca}`,
    `  valid     ${timeText(notBefore, '-')} to ${timeText(notAfter, '-')}`,
    ...(shown.revokedAt === null ? [] : [`  revoked   ${timeText(shown.revokedAt)}`]),
    `  due       ${dueText(shown)}`,
    ...renewalText(shown.ari),
    `  key type  ${keyTypeText(shown)}`,
    ...provenLines(own(), proof, provenText(provenAt)),
    ...(shown.deployHook === null ? [] : [`  deploys   ${shown.deployHook}`]),
    ...deployedText(shown),
    ...Object.entries(shown.paths ?? {}).map(([what, path]) => `  ${what.padEnd(9)} ${String(path)}`),
    ...(shown.lastError === null ? [] : [`  last error  ${failureText(shown)}`]),
    `  next      ${next.what}`,
    ...(next.hint === null ? [] : [`  hint      ${printable(next.hint)}`]),
  ];
}

/** How the names are proven: all alike by the certificate's own options, or each its own way. */
function provenLines(own: ReturnType<Shown['own']>, proof: Shown['proof'], at: string): string[] {
  const isKnown = proof.provenBy.some(({ error }) => error === null);
  const how = isKnown ? 'each name its own way' : 'none of the names can be, as it stands';
  if (own === null) return [`  proven    ${how}${at}`, ...proof.lines.map((line) => `  proof     ${line}`)];
  return [`  ${own.label.padEnd(9)} ${own.text}`, `  proven    ${provenByText(own.settings)}${at}`];
}

/** When the CA found the names proven; names of one certificate may have been at different times. */
function provenText(provenAt: Shown['provenAt']): string {
  if (provenAt === null) return ', not yet at this CA';
  const [first, last] = [minuteOf(provenAt.first), minuteOf(provenAt.last)];
  return first === last ? `, last at ${last}` : `, last from ${first} to ${last}`;
}

/** When the certificate was stored, and what became of its deploy hook. */
function deployedText({ storedAt, deployedAt, deployHook, lastError, lastAttemptAt }: Certificate): string[] {
  if (storedAt === null) return [];
  const stored = `  stored    ${minuteOf(storedAt)}`;
  if (deployHook === null) return [stored];
  const failed = lastError?.code === 'deploy-hook' ? `, it failed at ${minuteOf(lastAttemptAt)}` : '';
  return [stored, `  deployed  ${deployedAt === null ? `not yet${failed}` : minuteOf(deployedAt)}`];
}

function failureText({ lastError, lastAttemptAt }: Certificate): string {
  return `${lastAttemptAt === null ? '' : `${minuteOf(lastAttemptAt)} `}${printable(lastError?.message ?? '')}`;
}

function dueText({ name, dueAt, paused, revokedAt }: Certificate): string {
  if (paused !== null)
    return `${pausedText(paused)}: acme-ledger cert resume ${shellWord(printable(name))} ends the pause`;
  return revokedAt === null ? timeText(dueAt, 'now') : 'now, to replace the revoked one';
}

function issuedText({ stored, serial, revokedAt }: Certificate): string {
  const revoked = revokedAt === null ? '' : ', revoked';
  if (stored !== null) return `serial ${stored.serial}${revoked}`;
  return serial === null ? 'not issued' : `serial ${serial}${revoked}, and no files`;
}

/** Names that the certificate has and nobody wants, as the file shows it. */
function addedText(stored: Certificate['stored']): string[] {
  if (stored === null || stored.added.length === 0) return [];
  return [`  added     ${stored.added.map(printable).join(' ')}`];
}

function keyTypeText({ keyType, stored }: Certificate): string {
  const isOther = stored !== null && stored.keyType !== null && stored.keyType !== keyType;
  return isOther ? `${keyType}; that of the stored certificate is ${stored.keyType}` : keyType;
}

/** When the CA suggests to renew the certificate. */
function renewalText(ari: Certificate['ari']): string[] {
  if (ari === null) return [];
  const { windowStart, windowEnd, explanationUrl, askAt, error } = ari;
  return [
    ...(windowStart === null
      ? []
      : [`  window    ${timeText(windowStart)} to ${timeText(windowEnd, '-')}, as the CA suggests (ARI)`]),
    ...(explanationUrl === null ? [] : [`  because   ${explanationUrl}`]),
    ...(error === null ? [] : [`  ari       ${error.message}; asked again at ${timeText(askAt, '-')}`]),
  ];
}
