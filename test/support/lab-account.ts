import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { type Answer, httpsRequest } from './https-request.ts';
import { type Signer, signedBody } from './jws.ts';

/** An account that belongs to a test: it speaks ACME without the product, to ask and to prepare. */
export interface LabAccount {
  url: string;
  keyPem: string;
  key: KeyObject;
  /** Signs and sends; badNonce is tried again. `undefined` is a POST-as-GET. */
  post(url: string, payload?: unknown): Promise<Answer>;
  /** A newOrder with whatever payload, and whatever the answer. */
  newOrder(payload: unknown): Promise<Answer>;
  /** A newOrder for DNS names; gives the order's URL and the URLs of its authorizations. */
  order(...names: string[]): Promise<{ url: string; authorizations: string[] }>;
}

export interface AcmeServer {
  directoryUrl: string;
  caPem: string;
}

// Pebble rejects 15 % of the nonces in most tests, and a test may ask for 90 %.
const maxNonces = 100;

/** Registers an account with a new P-256 key. */
export async function registerAccount(server: AcmeServer): Promise<LabAccount> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const directory = await directoryOf(server);
  const answer = await signedPost(server, { key: privateKey }, directory.newAccount, {
    termsOfServiceAgreed: true,
  });
  return accountOf(server, privateKey, headerOf(answer, 'location'));
}

/** An account that somebody else registered. */
export function existingAccount(server: AcmeServer, keyPem: string, accountUrl: string): LabAccount {
  return accountOf(server, createPrivateKey(keyPem), accountUrl);
}

function accountOf(server: AcmeServer, key: KeyObject, accountUrl: string): LabAccount {
  const post = (url: string, payload?: unknown): Promise<Answer> =>
    signedPost(server, { key, accountUrl }, url, payload);
  const newOrder = async (payload: unknown): Promise<Answer> =>
    post((await directoryOf(server)).newOrder, payload);
  return {
    url: accountUrl,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key,
    post,
    newOrder,
    async order(...names) {
      const answer = await newOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) });
      const { authorizations } = JSON.parse(answer.body) as { authorizations: string[] };
      return { url: headerOf(answer, 'location'), authorizations };
    },
  };
}

interface Directory {
  newNonce: string;
  newAccount: string;
  newOrder: string;
}

const directories = new Map<string, Promise<Directory>>();

function directoryOf(server: AcmeServer): Promise<Directory> {
  const directory = directories.get(server.directoryUrl) ?? readDirectory(server);
  directories.set(server.directoryUrl, directory);
  return directory;
}

async function readDirectory({ directoryUrl, caPem }: AcmeServer): Promise<Directory> {
  const answer = await httpsRequest(directoryUrl, { ca: caPem });
  if (answer.status !== 200) throw new Error(`${directoryUrl}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body) as Directory;
}

async function signedPost(
  server: AcmeServer,
  signer: Signer,
  url: string,
  payload: unknown,
): Promise<Answer> {
  for (let attempt = 0; attempt < maxNonces; attempt++) {
    const nonce = nonces.get(server.directoryUrl) ?? (await newNonce(server));
    nonces.delete(server.directoryUrl);
    const answer = await httpsRequest(url, {
      method: 'POST',
      headers: { 'content-type': 'application/jose+json' },
      body: signedBody(signer, url, nonce, payload),
      ca: server.caPem,
    });
    const next = answer.headers['replay-nonce'];
    if (typeof next === 'string') nonces.set(server.directoryUrl, next);
    if (!answer.body.includes('urn:ietf:params:acme:error:badNonce')) return answer;
  }
  throw new Error(`${url}: ${maxNonces} nonces were rejected`);
}

/** The one that came last from each CA. */
const nonces = new Map<string, string>();

async function newNonce(server: AcmeServer): Promise<string> {
  const { newNonce: url } = await directoryOf(server);
  return headerOf(await httpsRequest(url, { method: 'HEAD', ca: server.caPem }), 'replay-nonce');
}

function headerOf(answer: Answer, name: string): string {
  const value = answer.headers[name];
  if (typeof value !== 'string') throw new Error(`no ${name} in the answer: ${answer.status} ${answer.body}`);
  return value;
}
