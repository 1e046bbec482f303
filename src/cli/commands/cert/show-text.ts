import type { oneCertificate } from '../../../report/certificates.ts';
import { pausedText } from '../../../report/paused-text.ts';
import { shellWord } from '../../../shell-word.ts';
import { printable } from '../../../printable.ts';

type Shown = Awaited<ReturnType<typeof oneCertificate>>;
type Certificate = Shown['certificate'];

/** A certificate, for a person. */
export function certificateText({ certificate: shown, proven: howProven }: Shown): string[] {
  const proven = howProven();
  const { notBefore, notAfter } = shown.stored ?? shown;
  return [
    `${shown.name}: ${issuedText(shown)}`,
    `  names     ${shown.names.join(' ')}`,
    ...(shown.leftOut.length === 0 ? [] : [`  lacks     ${shown.leftOut.join(' ')}`]),
    ...addedText(shown.stored),
    `  ca        ${shown.ca}`,
    `  valid     ${notBefore ?? '-'} to ${notAfter ?? '-'}`,
    ...(shown.revokedAt === null ? [] : [`  revoked   ${shown.revokedAt}`]),
    `  due       ${dueText(shown)}`,
    ...renewalText(shown.ari),
    `  key type  ${keyTypeText(shown)}`,
    `  ${proven.label.padEnd(9)} ${proven.text}`,
    ...(shown.deployHook === null ? [] : [`  deploys   ${shown.deployHook}`]),
    ...Object.entries(shown.paths ?? {}).map(([what, path]) => `  ${what.padEnd(9)} ${String(path)}`),
    ...(shown.lastError === null ? [] : [`  last error  ${printable(shown.lastError.message)}`]),
  ];
}

function dueText({ name, dueAt, paused, revokedAt }: Certificate): string {
  if (paused !== null)
    return `${pausedText(paused)}: acme-ledger cert resume ${shellWord(printable(name))} ends the pause`;
  return revokedAt === null ? (dueAt ?? 'now') : 'now, to replace the revoked one';
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
      : [`  window    ${windowStart} to ${windowEnd ?? '-'}, as the CA suggests (ARI)`]),
    ...(explanationUrl === null ? [] : [`  because   ${explanationUrl}`]),
    ...(error === null ? [] : [`  ari       ${error.message}; asked again at ${askAt ?? '-'}`]),
  ];
}
