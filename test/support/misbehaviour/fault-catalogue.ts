import type { RequestKind, SeenRequest } from '../acme-request.ts';
import type { Fault } from '../fault.ts';
import type { MadeUpAnswer } from '../ruled-ca.ts';
import { problem, rateLimited } from './boulder-problem.ts';

/** One thing that goes wrong between client and CA. */
export interface NamedFault {
  name: string;
  /** The CA does what it was asked, whatever the client gets to see. */
  isHeard: boolean;
  /** Whether the request can go wrong like this. */
  appliesTo(request: SeenRequest): boolean;
  fault(request: SeenRequest): Fault;
}

export interface CatalogueOptions {
  /** In every Retry-After but the one that goes with a 500, where Boulder always says 60. */
  retryAfterSeconds?: number;
  serverErrorRetryAfterSeconds?: number;
  /** How long the slow answer takes; the program's own time-out is 30 s. */
  slowMs?: number;
}

/** Every fault that a client of a CA must survive, each once. */
export function faultCatalogue(options: CatalogueOptions = {}): NamedFault[] {
  const { retryAfterSeconds = 60, serverErrorRetryAfterSeconds = 60, slowMs = 31_000 } = options;
  const after = (seconds: number): Record<string, string> => ({ 'retry-after': String(seconds) });
  const down = problem(503, 'serverInternal', 'Service temporarily unavailable');
  return [
    unheard('500', () => problem(500, 'serverInternal', 'The server experienced an internal error')),
    unheard('500 with Retry-After', () =>
      problem(500, 'serverInternal', 'Error creating resource', after(serverErrorRetryAfterSeconds)),
    ),
    unheard('502 with HTML', () => badGateway),
    unheard('503 with Retry-After in seconds', () => ({ ...down, headers: after(retryAfterSeconds) })),
    unheard('503 with Retry-After as a date', () => ({ ...down, headers: untilDate(retryAfterSeconds) })),
    unheard('429 with Retry-After', () => rateLimited('Rate limit exceeded', '', retryAfterSeconds)),
    unheard('429', () => rateLimited('Rate limit exceeded', '')),
    { ...unheard('badNonce', () => spentNonce), appliesTo: ({ method }) => method === 'POST' },
    { name: 'dropped', isHeard: false, appliesTo: () => true, fault: () => ({ type: 'drop' }) },
    heard('answer lost', () => true, { type: 'lose-answer' }),
    heard('answer too slow', () => true, { type: 'delay', ms: slowMs, what: 'answer' }),
    heard('500 after acting', isPost, { type: 'change', status: 500, body: () => '' }),
    heard('body cut', hasBody, { type: 'cut', afterBytes: 20 }),
    heard('malformed JSON', hasJson, { type: 'replace-body', body: '{"status": "pen' }),
    heard('Location missing', isCreation, { type: 'change', headers: { location: undefined } }),
    heard('status unknown', hasStatus, { type: 'change', body: withStatus('resting', () => true) }),
    heard('processing without end', isOrder, {
      type: 'change',
      body: withStatus('processing', (status) => status === 'valid'),
    }),
  ];
}

const badGateway: MadeUpAnswer = {
  status: 502,
  headers: { 'content-type': 'text/html' },
  body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
};

const spentNonce = problem(400, 'badNonce', 'JWS has an invalid anti-replay nonce: "taViNlCyqXwXaiX5Tg"');

function unheard(name: string, answer: () => MadeUpAnswer): NamedFault {
  const fault = (): Fault => ({ type: 'answer', withNonce: true, ...answer() });
  return { name, isHeard: false, appliesTo: () => true, fault };
}

function heard(name: string, appliesTo: NamedFault['appliesTo'], fault: Fault): NamedFault {
  return { name, isHeard: true, appliesTo, fault: () => fault };
}

/** RFC 9110 §10.2.3: Retry-After may be a date, which has no fractions of seconds. */
function untilDate(seconds: number): Record<string, string> {
  return { 'retry-after': new Date(Date.now() + (seconds + 1) * 1000).toUTCString() };
}

function isPost({ method }: SeenRequest): boolean {
  return method === 'POST';
}

function hasBody({ kind }: SeenRequest): boolean {
  return kind !== 'newNonce';
}

function hasJson({ kind }: SeenRequest): boolean {
  return kind !== 'newNonce' && kind !== 'certificate';
}

function isCreation({ kind }: SeenRequest): boolean {
  return kind === 'newAccount' || kind === 'newOrder';
}

const kindsWithStatus: RequestKind[] = [
  'newOrder',
  'order',
  'finalize',
  'authz',
  'authzPoll',
  'deactivate',
  'challenge',
  'newAccount',
];

function hasStatus({ kind }: SeenRequest): boolean {
  return kindsWithStatus.includes(kind);
}

function isOrder({ kind }: SeenRequest): boolean {
  return kind === 'order' || kind === 'finalize';
}

/** Changes the state of a resource where it `applies`; a problem document, whose status is a number, stays what it is. */
function withStatus(status: string, applies: (status: string) => boolean): (body: string) => string {
  return (body) => {
    const resource = JSON.parse(body) as Record<string, unknown>;
    if (typeof resource.status !== 'string' || !applies(resource.status)) return body;
    return JSON.stringify({ ...resource, status, certificate: undefined });
  };
}
