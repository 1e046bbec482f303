import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as x509 from '@peculiar/x509';
import type { Answer } from './https-request.ts';
import { thumbprint } from './jws.ts';
import type { LabAccount } from './lab-account.ts';
import { openssl } from './openssl.ts';

/** The http-01 challenge of an authorization, as the CA shows it now. */
export async function httpChallenge(
  account: LabAccount,
  authorization: string,
): Promise<{ url: string; token: string }> {
  const { challenges } = JSON.parse((await account.post(authorization)).body) as {
    challenges: { type: string; url: string; token: string }[];
  };
  return challenges.find(({ type }) => type === 'http-01')!;
}

/** The one of these authorizations that is for the name: their order in an order says nothing. */
export async function authorizationFor(
  account: LabAccount,
  authorizations: readonly string[],
  name: string,
): Promise<string> {
  for (const url of authorizations) {
    const { identifier } = JSON.parse((await account.post(url)).body) as { identifier: { value: string } };
    if (identifier.value === name) return url;
  }
  throw new Error(`no authorization is for ${name}`);
}

/** Puts the answer to the http-01 challenge into a webroot, submits it, and waits for the verdict. */
export async function prove(account: LabAccount, authorization: string, webroot: string): Promise<string> {
  const { url, token } = await httpChallenge(account, authorization);
  const directory = path.join(webroot, '.well-known/acme-challenge');
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, token), `${token}.${thumbprint(account.key)}`);
  await account.post(url, {});
  return await finalStatus(account, authorization);
}

/** The state of an authorization or order that is neither `pending` nor `processing`. */
export async function finalStatus(account: LabAccount, url: string): Promise<string> {
  for (;;) {
    const { status } = JSON.parse((await account.post(url)).body) as { status: string };
    if (status !== 'pending' && status !== 'processing') return status;
    await delay(20);
  }
}

/** Sends a CSR for the names, with a key that is thrown away. */
export async function finalize(account: LabAccount, order: string, ...names: string[]): Promise<Answer> {
  const { finalize: url } = JSON.parse((await account.post(order)).body) as { finalize: string };
  const { stdout } = await openssl(
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/'],
    ...['-keyout', '/dev/null', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`],
  );
  const der = Buffer.from(stdout.replace(/-----[^-]+-----/g, ''), 'base64');
  return await account.post(url, { csr: der.toString('base64url') });
}

/** Takes an order to its certificate; gives the chain as PEM. */
export async function obtain(account: LabAccount, webroot: string, ...names: string[]): Promise<string> {
  const { url, authorizations } = await account.order(...names);
  await Promise.all(authorizations.map((authorization) => prove(account, authorization, webroot)));
  await finalize(account, url, ...names);
  await finalStatus(account, url);
  const { certificate } = JSON.parse((await account.post(url)).body) as { certificate: string };
  return (await account.post(certificate)).body;
}

/** How renewal information and `replaces` call a certificate (RFC 9773 §4.1). */
export function renewalId(pem: string): string {
  const leaf = new x509.X509Certificate(pem);
  const { keyId = '' } = leaf.getExtension(x509.AuthorityKeyIdentifierExtension) ?? {};
  // A DER integer whose first bit is set would be negative, so it gets a byte of zeros in front.
  const serial = /^[89a-f]/i.test(leaf.serialNumber) ? `00${leaf.serialNumber}` : leaf.serialNumber;
  return [keyId, serial].map((hex) => Buffer.from(hex, 'hex').toString('base64url')).join('.');
}
