/**
 * The states of orders, authorizations and other rows, and the moves between them. docs/ledger.md has the
 * picture; SQL repeats the lists in `check`s.
 */

/**
 * RFC 8555 §7.1.6, as the CA last showed it. `expired` is also our reading of Boulder's 404 "Expired
 * authorization".
 */
export const authorizationStatuses = [
  'pending',
  'valid',
  'invalid',
  'deactivated',
  'expired',
  'revoked',
] as const;
export type AuthorizationStatus = (typeof authorizationStatuses)[number];

/**
 * Our progress with the authorization's challenge. `submitting` is written before the POST: from there on the
 * CA may be validating, whether its answer reached us or not.
 */
export const challengeProgresses = ['none', 'presented', 'submitting', 'submitted'] as const;
export type ChallengeProgress = (typeof challengeProgresses)[number];

/**
 * `intent`: written down, not answered by the CA yet. `abandoned`: given up by us. The others are RFC 8555
 * §7.1.6.
 */
export const orderStatuses = [
  'intent',
  'pending',
  'ready',
  'processing',
  'valid',
  'invalid',
  'abandoned',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** Where an authorization was learned of. */
export const authorizationSources = ['order', 'log', 'discovered'] as const;
export type AuthorizationSource = (typeof authorizationSources)[number];

/**
 * Where a URL of another client's log led: an order or a challenge to its authorizations, any to nothing
 * (404), or to another account (403); `untold`: a challenge whose authorization the CA doesn't tell.
 */
export const foundOutcomes = ['expanded', 'gone', 'foreign', 'untold'] as const;
export type FoundOutcome = (typeof foundOutcomes)[number];

/**
 * The scope of a CA's request to come back later: everything asked of it (`requests`), registering
 * (`registration`), new orders of the account (`orders`), or new orders that hold a name of a registered
 * domain (`domain`), a name (`name`), exactly these names (`names`).
 */
export const holdScopes = ['requests', 'registration', 'orders', 'domain', 'name', 'names'] as const;
export type HoldScope = (typeof holdScopes)[number];

/**
 * The purpose of an account. `orders`: the one account at a CA that orders are made on; `clean-up`: on other
 * accounts of that CA only authorizations that other clients left are closed.
 */
export const accountPurposes = ['orders', 'clean-up'] as const;
export type AccountPurpose = (typeof accountPurposes)[number];

/**
 * Who said last what a certificate should be: a command for one, `cert import`, or the list in the
 * configuration.
 */
export const certificateOrigins = ['command', 'import', 'configuration'] as const;
export type CertificateOrigin = (typeof certificateOrigins)[number];

const authorizationMoves = {
  pending: ['valid', 'invalid', 'deactivated', 'expired', 'revoked'],
  valid: ['deactivated', 'expired', 'revoked'],
  // Not in the RFC's picture: Pebble deactivates an invalid authorization when it is asked to.
  invalid: ['deactivated', 'expired'],
  deactivated: ['expired'],
  expired: [],
  revoked: ['expired'],
} as const satisfies Record<AuthorizationStatus, readonly AuthorizationStatus[]>;

const orderMoves = {
  intent: ['pending', 'ready', 'processing', 'valid', 'invalid', 'abandoned'],
  pending: ['ready', 'processing', 'valid', 'invalid', 'abandoned'],
  ready: ['processing', 'valid', 'invalid', 'abandoned'],
  processing: ['valid', 'invalid', 'abandoned', 'ready'],
  // Boulder turns an issued order invalid when a valid authorization of it is deactivated. An order whose key
  // is lost is given up.
  valid: ['invalid', 'abandoned'],
  invalid: ['abandoned'],
  abandoned: ['invalid'],
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

const challengeMoves = {
  none: ['presented', 'submitting', 'submitted'],
  presented: ['none', 'submitting', 'submitted'],
  // Back to `none` only when the CA has shown that the POST never took effect, or that its validation has
  // come to nothing.
  submitting: ['submitted', 'none'],
  submitted: ['none'],
} as const satisfies Record<ChallengeProgress, readonly ChallengeProgress[]>;

/** The states from which `to` may be reached, `to` itself included: for the condition of a guarded update. */
export function authorizationStatusesBefore(to: AuthorizationStatus): AuthorizationStatus[] {
  return authorizationStatuses.filter((from) => from === to || contains(authorizationMoves[from], to));
}

export function orderStatusesBefore(to: OrderStatus): OrderStatus[] {
  return orderStatuses.filter((from) => from === to || contains(orderMoves[from], to));
}

export function challengeProgressesBefore(to: ChallengeProgress): ChallengeProgress[] {
  return challengeProgresses.filter((from) => from === to || contains(challengeMoves[from], to));
}

/**
 * Whether the CA decides about the challenge: its authorization is never deactivated then, nor submitted
 * again at once (docs/decisions.md#a-challenge-that-may-have-been-submitted).
 */
export function isSubmitted(progress: ChallengeProgress): boolean {
  return progress === 'submitting' || progress === 'submitted';
}

function contains(list: readonly string[], item: string): boolean {
  return list.includes(item);
}

/** The standing of a name with us, as the name hook is told. */
export const nameStandings = ['well', 'failing', 'suspended'] as const;
export type NameStanding = (typeof nameStandings)[number];

/**
 * Statuses of accounts that nothing can be asked on any more. The first and second are the CA's words,
 * `unknown`: the CA has no such account.
 */
export const lostAccountStatuses: readonly string[] = ['deactivated', 'revoked', 'unknown'];

/** Whether the CA has ended the account, or doesn't know it, as far as the ledger was told. */
export function isLost({ status }: { status: string }): boolean {
  return lostAccountStatuses.includes(status);
}
