import { createPrivateKey, createPublicKey } from 'node:crypto';
import { parseChain } from '../certificates/certificate.ts';
import { assertIssued } from '../certificates/issued-chain.ts';
import { privateKeyFrom } from '../clients/account-key-formats.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import { foundText } from '../clients/found-files.ts';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { parseNames } from '../identifiers.ts';
import type { FoundCertificate } from '../issuance/certificate/adopt-found.ts';
import { printable } from '../printable.ts';
import { failedWith } from '../system/durable-file.ts';

/** No chain or key of a client is longer. */
const maxBytes = 128 * 1024;

/**
 * Reads a client's certificate and its key. The key must be the certificate's, the chain must hold together, and the
 * certificate must be for these names. It may have ended.
 * @throws AcmeLedgerError `bad-file`
 */
export async function readFound(
  { issued }: Pick<ClientCertificate, 'issued'>,
  names: readonly string[],
): Promise<FoundCertificate> {
  const keyText = await textOf(issued.key);
  const keyPem = asPem(keyText, issued.key);
  const chainPem = await chainOf(issued.chain);
  try {
    const publicKey = createPublicKey(createPrivateKey(keyPem));
    const facts = assertIssued(chainPem, { identifiers: parseNames(names), publicKey, now: null });
    return { chainPem, keyPem, facts };
  } catch (cause) {
    const reason = messageOf(cause).replace(
      'it is for another key than ours',
      "its key isn't the certificate's",
    );
    throw unusable(
      issued.chain[0] ?? '',
      reason.replace(/^the certificate chain can't be used: /, ''),
      cause,
    );
  }
}

/** The certificates of the files, each once: lego's `.crt` holds what `.issuer.crt` has, too. */
async function chainOf(files: readonly string[]): Promise<string> {
  const [first = '', ...others] = files;
  const texts = [await textOf(first)];
  for (const file of others) texts.push(await textOf(file).catch(() => ''));
  try {
    const certificates = parseChain(texts.join('\n')).map((certificate) => certificate.toString());
    return [...new Set(certificates)].join('');
  } catch (cause) {
    throw unusable(first, messageOf(cause).replace(/^[^:]*: /, ''), cause);
  }
}

async function textOf(file: string): Promise<string> {
  return foundText(file, maxBytes).catch((cause: unknown) => {
    throw unusable(file, failedWith(cause, 'ENOENT') ? "it isn't there" : messageOf(cause), cause);
  });
}

/** A key stays as the client wrote it, where it is PEM that every program reads. */
function asPem(text: string, file: string): string {
  try {
    createPrivateKey(text);
    return text.endsWith('\n') ? text : `${text}\n`;
  } catch {
    try {
      return privateKeyFrom(text, 'it');
    } catch (cause) {
      throw unusable(file, messageOf(cause).replace(/^it /, ''), cause);
    }
  }
}

function unusable(file: string, reason: string, cause: unknown): AcmeLedgerError {
  return new AcmeLedgerError('bad-file', `${printable(file)} can't be taken over: ${printable(reason)}`, {
    hint: 'nothing was changed; acme-ledger cert add orders a new certificate for its names with the next renew',
    cause,
  });
}
