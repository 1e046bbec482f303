import { randomBytes, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkedJws, type CheckedJws } from './checked-jws.ts';
import { answered, type CaAnswer, gone, problem, type Step, stepOf } from './answers.ts';
import { type LeafName, type LeafSigner, newLeafSigner } from './leaf-signer.ts';

export interface Asked {
  step: Step;
  method: string;
  path: string;
  /** How often this step was asked before. */
  earlier: number;
}

/** Changes an answer on its way; `reset` cuts the connection. Nothing said: it goes out as it is. */
export type Twist = (asked: Asked, answer: CaAnswer, ca: ScriptedCa) => CaAnswer | 'reset' | undefined;

interface HeldOrder {
  account: string;
  identifiers: LeafName[];
  authorizations: string[];
  status: string;
  certificate: string | null;
}

export interface HeldAuthorization {
  account: string;
  identifier: LeafName;
  wildcard: boolean;
  status: string;
  /** When its challenge was taken. */
  submitted: boolean;
  token: string;
}

/**
 * A CA of the tests over plain HTTP on loopback that does what RFC 8555 says, checks every signature, nonce and URL, and finds every answer to a
 * challenge right. What it says can be twisted on the way; what it holds stays true.
 */
export class ScriptedCa {
  readonly authorizations = new Map<string, HeldAuthorization>();
  readonly orders = new Map<string, HeldOrder>();
  /** What was wrong with what it was asked. */
  readonly faults: string[] = [];
  readonly asked: Asked[] = [];
  twist: Twist = () => undefined;
  /** Answers instead of the CA, which doesn't act then. */
  refusal: (asked: Asked) => CaAnswer | undefined = () => undefined;
  origin = '';
  readonly #accounts = new Map<string, { key: KeyObject; thumb: string }>();
  readonly #nonces = new Set<string>();
  readonly #certificates = new Map<string, string>();
  readonly #server: Server;
  readonly #signer: LeafSigner;
  #serial = 0;

  private constructor(signer: LeafSigner) {
    this.#signer = signer;
    this.#server = createServer((incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch((error: unknown) => {
        this.faults.push(String(error));
        incoming.socket.destroy();
      });
    });
  }

  static async start(): Promise<ScriptedCa> {
    const ca = new ScriptedCa(await newLeafSigner());
    await once(ca.#server.listen(0, '127.0.0.1'), 'listening');
    ca.origin = `http://127.0.0.1:${(ca.#server.address() as AddressInfo).port}`;
    return ca;
  }

  get directoryUrl(): string {
    return `${this.origin}/directory`;
  }

  /** Forgets what it holds but accounts. */
  clear(): void {
    for (const one of [this.authorizations, this.orders]) one.clear();
    for (const one of [this.faults, this.asked]) one.length = 0;
    this.twist = () => undefined;
    this.refusal = () => undefined;
  }

  /** The URLs of the authorizations that are open, and that nobody has submitted. */
  open(): string[] {
    return [...this.authorizations]
      .filter(([, { status, submitted }]) => status === 'pending' && !submitted)
      .map(([url]) => url);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const [method, path] = [incoming.method ?? '', incoming.url ?? ''];
    const jws = method === 'POST' ? this.#checked(path, Buffer.concat(chunks).toString()) : null;
    const step = stepOf(path, jws);
    const asked = { step, method, path, earlier: this.asked.filter((one) => one.step === step).length };
    this.asked.push(asked);
    const plain = this.refusal(asked) ?? (await this.#answer(step, path, jws));
    if (method !== 'GET') plain.headers['Replay-Nonce'] ??= this.#nonce();
    const answer = this.twist(asked, structuredClone(plain), this) ?? plain;
    if (answer === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    outgoing.writeHead(answer.status, answer.headers);
    outgoing.end(method === 'HEAD' ? undefined : text);
  }

  #checked(path: string, body: string): CheckedJws {
    const jws = checkedJws(body, (kid) => this.#accounts.get(kid)?.key);
    if (!this.#nonces.delete(jws.nonce)) this.faults.push(`a nonce that was never given: ${jws.nonce}`);
    if (jws.url !== this.origin + path) this.faults.push(`signed for ${jws.url}, sent to ${path}`);
    return jws;
  }

  #nonce(): string {
    const nonce = randomBytes(12).toString('base64url');
    this.#nonces.add(nonce);
    return nonce;
  }

  async #answer(step: Step, path: string, jws: CheckedJws | null): Promise<CaAnswer> {
    const url = this.origin + path;
    switch (step) {
      case 'directory':
        return answered(this.#directory());
      case 'newNonce':
        return { status: 200, headers: { 'Replay-Nonce': this.#nonce() }, body: '' };
      case 'newAccount':
        return this.#newAccount(jws!);
      case 'account':
        return answered(this.#account(url));
      case 'orders':
        return answered({ orders: [...this.orders.keys()] });
      case 'newOrder':
        return this.#newOrder(jws!);
      case 'order':
        return this.orders.has(url) ? answered(this.#order(url)) : gone();
      case 'authorization':
      case 'deactivate':
        return this.#authorization(url, step);
      case 'challenge':
        return this.#challenge(url, jws!);
      case 'finalize':
        return this.#finalize(url.replace(/\/finalize$/, ''), jws!);
      case 'certificate': {
        const pem = this.#certificates.get(url);
        if (pem === undefined) return gone();
        return { status: 200, headers: { 'Content-Type': 'application/pem-certificate-chain' }, body: pem };
      }
      case 'unknown':
        return gone();
    }
  }

  #directory(): object {
    const { origin } = this;
    return {
      newNonce: `${origin}/nonce`,
      newAccount: `${origin}/account`,
      newOrder: `${origin}/new-order`,
      revokeCert: `${origin}/revoke`,
      keyChange: `${origin}/key-change`,
      meta: {},
    };
  }

  #newAccount({ key, payload }: CheckedJws): CaAnswer {
    const thumb = JSON.stringify(key.export({ format: 'jwk' }));
    const known = [...this.#accounts].find(([, account]) => account.thumb === thumb)?.[0];
    if (known === undefined && payload?.['onlyReturnExisting'] === true)
      return problem(400, 'accountDoesNotExist', 'no such account');
    const url = known ?? this.#url('accounts');
    this.#accounts.set(url, { key, thumb });
    return { ...answered(this.#account(url), known === undefined ? 201 : 200), headers: { Location: url } };
  }

  #account(url: string): object {
    return { status: 'valid', orders: url.replace('/accounts/', '/orders/') };
  }

  #newOrder({ kid = '', payload }: CheckedJws): CaAnswer {
    const identifiers = payload?.['identifiers'] as LeafName[];
    const url = this.#url('order');
    const authorizations = identifiers.map((identifier) => {
      const wildcard = identifier.value.startsWith('*.');
      const authorization = this.#url('authz');
      this.authorizations.set(authorization, {
        account: kid,
        identifier: wildcard ? { type: 'dns', value: identifier.value.slice(2) } : identifier,
        wildcard,
        status: 'pending',
        submitted: false,
        token: randomBytes(12).toString('base64url'),
      });
      return authorization;
    });
    this.orders.set(url, { account: kid, identifiers, authorizations, status: 'pending', certificate: null });
    return { ...answered(this.#order(url), 201), headers: { Location: url } };
  }

  #order(url: string): object {
    const order = this.orders.get(url)!;
    const statuses = order.authorizations.map((each) => this.authorizations.get(each)?.status);
    if (order.status === 'pending' && statuses.every((status) => status === 'valid')) order.status = 'ready';
    if (order.status === 'pending' && statuses.some((status) => status !== 'valid' && status !== 'pending'))
      order.status = 'invalid';
    const { identifiers, authorizations, status, certificate } = order;
    return {
      status,
      expires: new Date(Date.now() + 86_400_000).toISOString(),
      identifiers,
      authorizations,
      finalize: `${url}/finalize`,
      ...(certificate === null ? {} : { certificate }),
    };
  }

  #authorization(url: string, step: Step): CaAnswer {
    const held = this.authorizations.get(url);
    if (held === undefined) return gone();
    if (step === 'deactivate' && (held.status === 'pending' || held.status === 'valid'))
      held.status = 'deactivated';
    const { identifier, wildcard, status, token } = held;
    const challenges = ['http-01', 'dns-01'].map((type) => ({
      type,
      url: `${url.replace('/authz/', '/challenge/')}/${type}`,
      status: status === 'deactivated' ? 'pending' : status,
      token,
    }));
    return answered({ identifier, status, challenges, ...(wildcard ? { wildcard } : {}) });
  }

  #challenge(url: string, { payload }: CheckedJws): CaAnswer {
    const authorization = url.replace('/challenge/', '/authz/').replace(/\/[^/]+$/, '');
    const held = this.authorizations.get(authorization);
    if (held === undefined) return gone();
    const { token } = held;
    if (payload !== undefined && held.status !== 'pending')
      return problem(400, 'malformed', 'the authorization is not pending');
    if (payload !== undefined) [held.status, held.submitted] = ['valid', true];
    const answer = answered({ type: url.split('/').at(-1), url, token, status: held.status });
    answer.headers['Link'] = `<${authorization}>;rel="up"`;
    return answer;
  }

  async #finalize(url: string, { payload }: CheckedJws): Promise<CaAnswer> {
    const order = this.orders.get(url);
    if (order === undefined) return gone();
    this.#order(url);
    if (order.status !== 'ready') return problem(403, 'orderNotReady', `the order is "${order.status}"`);
    const csr = Buffer.from(String(payload?.['csr']), 'base64url');
    const certificate = this.#url('certificate');
    this.#certificates.set(certificate, await this.#signer.sign(csr, order.identifiers));
    [order.status, order.certificate] = ['valid', certificate];
    return answered(this.#order(url));
  }

  #url(kind: string): string {
    this.#serial += 1;
    return `${this.origin}/${kind}/${this.#serial}`;
  }
}
