import type { SeenRequest } from './acme-request.ts';
import type { MadeUpAnswer } from './ruled-ca.ts';

/** What the proxy does to a request instead of passing it on and the answer back. */
export type Fault =
  /** Answers itself; the CA doesn't hear of the request. */
  | ({ type: 'answer'; withNonce?: boolean } & MadeUpAnswer)
  /** Hangs up; the CA doesn't hear of the request. */
  | { type: 'drop' }
  /** Passes it on, and hangs up once the CA has answered. */
  | { type: 'lose-answer' }
  /** Waits before passing it on, or before passing the answer back. */
  | { type: 'delay'; ms: number; what: 'request' | 'answer' }
  /** Passes it on, and the answer back when something has happened. */
  | { type: 'hold-answer'; until: Promise<unknown> }
  /** Hangs up after so many bytes of the answer's body. */
  | { type: 'cut'; afterBytes: number }
  /** Passes the CA's answer back with another body. */
  | { type: 'replace-body'; body: string }
  /** Passes the CA's answer back with parts of it changed; a header that is `undefined` is left out. */
  | {
      type: 'change';
      status?: number;
      headers?: Record<string, string | undefined>;
      body?: (body: string) => string;
    };

/** Asked before each request is passed on; may wait, which holds the request. */
export type FaultHook = (request: SeenRequest) => Fault | undefined | Promise<Fault | undefined>;
