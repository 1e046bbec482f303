import type { RequestKind } from './acme-request.ts';

/**
 * Lets no request reach Pebble while it lists an account's orders, nor a list while it is at anything else. Pebble locks its store and every order and
 * authorization for the list, and the authorization before the store where it shows one: with a new order waiting for the store, both wait for
 * each other, and Pebble answers nothing any more.
 */
export class ListGate {
  private readonly others = new Set<Promise<unknown>>();
  private lists: Promise<unknown> = Promise.resolve();

  pass<T>(kind: RequestKind, send: () => Promise<T>): Promise<T> {
    return kind === 'orders' ? this.alone(send) : this.beside(send);
  }

  private alone<T>(send: () => Promise<T>): Promise<T> {
    const sent = Promise.allSettled([this.lists, ...this.others]).then(send);
    this.lists = ended(sent);
    return sent;
  }

  private beside<T>(send: () => Promise<T>): Promise<T> {
    const sent = this.lists.then(send);
    this.others.add(sent);
    const forget = (): void => void this.others.delete(sent);
    sent.then(forget, forget);
    return sent;
  }
}

function ended(sent: Promise<unknown>): Promise<unknown> {
  return sent.catch(() => undefined);
}
