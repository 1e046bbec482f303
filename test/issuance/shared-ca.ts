import type {
  Answer,
  Authorization,
  Challenge,
  Directory,
  Order,
  Resource,
} from '../../src/acme/objects/resources.ts';
import type { Session } from '../../src/acme/session.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import { insertAccount } from '../../src/ledger/accounts.ts';
import type { TinyWorld } from './tiny-issuance.ts';

export const origin = 'https://ca.test';

interface Held {
  account: number;
  name: string;
  status: Authorization['status'];
  challenge: Challenge['status'];
}

/** A CA with several accounts, whose URLs are like those of Let's Encrypt, in memory. */
export class SharedCa {
  readonly authorizations = new Map<string, Held>();
  readonly orders = new Map<string, { account: number; status: Order['status']; urls: string[] }>();
  readonly lists = new Set<string>();
  /** What was asked, as "ACCOUNT what path". */
  readonly asked: string[] = [];
  /** Deactivations that it takes before it asks for patience. */
  patience = Infinity;
  /** What it answers for an authorization of another account. */
  otherAccount = 403;
  /** Other ways to write a URL. */
  readonly aliases = new Map<string, string>();

  /** One that is pending. @returns its URL */
  add(
    account: number,
    name: string,
    form = `/acme/authz/${account}/${this.authorizations.size + 1}`,
  ): string {
    const url = origin + form;
    this.authorizations.set(url, { account, name, status: 'pending', challenge: 'pending' });
    return url;
  }

  addOrder(account: number, urls: string[], status: Order['status'] = 'pending'): string {
    const url = `${origin}/acme/order/${account}/${this.orders.size + 1}`;
    this.orders.set(url, { account, status, urls });
    return url;
  }

  async issuance(world: TinyWorld, account: number, given: Partial<AccountRun> = {}): Promise<AccountRun> {
    const base = await world.startIssuance();
    const row = await insertAccount(base, {
      ca: `${origin}/directory`,
      keyFile: `accounts/${account}.pem`,
      keyThumbprint: `key-${account}`,
      email: null,
    });
    const url = `${origin}/acme/acct/${account}`;
    return { ...base, account: { ...row, url }, session: this.#session(account, url), ...given };
  }

  #session(account: number, url: string): Session {
    const at = (path: string): string => `${origin}/acme/${path}`;
    const directory = { newNonce: at('new-nonce'), newAccount: at('new-acct'), newOrder: at('new-order') };
    const session: Partial<Session> = {
      directory: directory as Directory,
      account: { url },
      getAuthorization: (one) => this.#answer(account, 'show', one, () => this.#shown(account, one)),
      getResource: (one) => this.#resource(account, one),
      deactivateAuthorization: (one) =>
        this.#answer(account, 'deactivate', one, () => this.#deactivated(account, one)),
    };
    return session as Session;
  }

  /** What it is, it knows by itself: the words of a URL say nothing. */
  async #resource(account: number, url: string): Promise<Resource> {
    if (this.lists.has(url)) {
      await this.#answer(account, 'list', url, () => ({}));
      return { kind: 'order-list' };
    }
    const isOrder = this.orders.has(url) || url.includes('/order/');
    if (isOrder && !this.authorizations.has(url)) {
      const { status, authorizationUrls } = await this.#answer(account, 'order', url, () =>
        this.#order(account, url),
      );
      return { kind: 'order', mayHaveOpen: status === 'pending' || status === 'invalid', authorizationUrls };
    }
    if (/\/chall\b/.test(url)) {
      await this.#answer(account, 'challenge', url, () => ({}));
      return { kind: 'challenge', authorizationUrl: null };
    }
    const authorization = await this.#answer(account, 'show', url, () => this.#shown(account, url));
    return { kind: 'authorization', authorization };
  }

  async #answer<T extends object>(
    account: number,
    what: string,
    url: string,
    act: () => T,
  ): Promise<Answer<T>> {
    this.asked.push(`${account} ${what} ${new URL(url).pathname}`);
    await new Promise((resolve) => setImmediate(resolve));
    return { ...act(), retryAt: null };
  }

  #held(account: number, url: string): Held {
    const held = this.authorizations.get(this.aliases.get(url) ?? url);
    if (held === undefined) throw refusal(404);
    if (held.account !== account) throw refusal(this.otherAccount);
    return held;
  }

  #shown(account: number, url: string): Authorization {
    const { name: value, status, challenge } = this.#held(account, url);
    const shown = {
      url: `${this.aliases.get(url) ?? url}/chall`,
      type: 'http-01',
      status: challenge,
      token: 't',
      error: null,
    };
    const identifier = { type: 'dns', value } as const;
    return { url, status, expiresAt: null, identifier, wildcard: false, challenges: [shown] };
  }

  #deactivated(account: number, url: string): Authorization {
    if (this.patience === 0) {
      const retryAt = new Date('2026-01-01T06:00:00.000Z');
      throw new AcmeLedgerError('ca-limit', 'slow down', { httpStatus: 429, retryAt });
    }
    this.patience -= 1;
    this.#held(account, url).status = 'deactivated';
    return this.#shown(account, url);
  }

  #order(account: number, url: string): Order {
    const order = this.orders.get(url);
    // As Boulder: what belongs to somebody else isn't there.
    if (order?.account !== account) throw refusal(404);
    return {
      url,
      status: order.status,
      expiresAt: null,
      identifiers: [],
      profile: null,
      replaces: null,
      authorizationUrls: order.urls,
      finalizeUrl: `${url}/finalize`,
      certificateUrl: null,
      error: null,
    };
  }
}

function refusal(httpStatus: number): AcmeLedgerError {
  return new AcmeLedgerError('ca-problem', `no (${httpStatus})`, { httpStatus });
}
