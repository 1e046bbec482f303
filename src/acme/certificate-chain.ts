import { X509Certificate } from 'node:crypto';
import { unreadable } from './fields.ts';

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * A downloaded chain (RFC 8555 §9.1: certificates in PEM and nothing between them), each block read as a certificate, with one line
 * feed after each.
 * @throws AcmeLedgerError `ca-answer`
 */
export function parseChain(data: unknown): string {
  const text = typeof data === 'string' ? data : '';
  const blocks = text.match(block) ?? [];
  if (blocks.length === 0 || text.replace(block, '').trim() !== '')
    throw unreadable('certificate', "isn't a PEM certificate chain");
  try {
    return blocks.map((each) => new X509Certificate(each).toString()).join('');
  } catch {
    throw unreadable('certificate', 'holds something that is no certificate');
  }
}
