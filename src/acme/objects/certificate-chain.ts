import { unreadable } from './fields.ts';

/** A chain of ten certificates has 20 KiB. */
const longestChain = 512 * 1024;
const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/**
 * A downloaded chain (RFC 8555 §9.1: certificates in PEM and nothing between them) as RFC 7468 §3 wants it written: lines of 64 characters,
 * one line feed after each. What the certificates say isn't looked at.
 * @throws AcmeLedgerError `ca-answer`
 */
export function parseChain(data: unknown): string {
  const text = typeof data === 'string' && data.length <= longestChain ? data : '';
  const contents = [...text.matchAll(block)].map((match) => match[1]?.replace(/\s+/g, '') ?? '');
  if (contents.length === 0 || text.replace(block, '').trim() !== '')
    throw unreadable('certificate', "isn't a PEM certificate chain");
  if (!contents.every(isWholeSequence))
    throw unreadable('certificate', 'holds something that is no certificate');
  return contents.map(blockOf).join('');
}

/** Whether it is one ASN.1 SEQUENCE in DER, as long as it says (X.690 §8.1.3.5: two bytes of length; a certificate has more than 255). */
function isWholeSequence(base64: string): boolean {
  const der = Buffer.from(base64, 'base64');
  return der.length > 4 && der.readUInt16BE(0) === 0x3082 && der.readUInt16BE(2) === der.length - 4;
}

function blockOf(base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
