import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** RFC 8555 §6.1 asks for https. Plain http is let through to this machine alone: test CAs, and proxies that hold the TLS. */
export function isAcceptableUrl(text: string): boolean {
  const url = parsed(text);
  return (
    url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
  );
}

/**
 * The directory URL as it is compared and stored.
 * @throws AcmeLedgerError `usage` when it isn't https (or http on loopback), or has credentials or a fragment
 */
export function assertDirectoryUrl(text: string): string {
  const url = parsed(text);
  const shown = printable(text);
  if (url === null) throw unusable(`"${shown}" isn't a URL`);
  if (url.username !== '' || url.password !== '')
    throw unusable('a directory URL has no user name and no password');
  if (url.hash !== '') throw unusable(`"${shown}": a directory URL has no fragment (#…)`);
  if (!isAcceptableUrl(text))
    throw unusable(`"${shown}" isn't https, which RFC 8555 asks for (http is allowed on loopback alone)`);
  return url.href;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}

function parsed(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function unusable(message: string): AcmeLedgerError {
  return new AcmeLedgerError('usage', message, {
    hint: 'give a built-in name or a URL such as --ca https://ca.example/acme/directory',
  });
}
