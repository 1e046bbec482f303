import type { CaRule } from '../ruled-ca.ts';
import { ChallengeConduct, FinalizeConduct } from './conduct.ts';
import { Expiry } from './expiry.ts';
import { IssuanceLimits, type LimitOptions } from './issuance-limits.ts';
import { OrderReuse } from './order-reuse.ts';
import { Pausing, type PausingOptions } from './pausing.ts';
import { PendingLimit, type PendingLimitOptions } from './pending-limit.ts';
import { NoDeactivation, NoOrdersList } from './refusals.ts';
import { Replacements } from './replacements.ts';

export interface BoulderOptions {
  pendingLimit?: PendingLimitOptions;
  limits?: LimitOptions;
  pausing?: PausingOptions;
  /** Deactivating a pending authorization is a failed validation; true unless told. */
  countDeactivations?: boolean;
  /** newOrder hands back an open order for the same names; true unless told. */
  reuse?: boolean;
  /** The account has a list of its orders; false unless told. */
  ordersList?: boolean;
  /** Authorizations can be deactivated; true unless told. */
  deactivation?: boolean;
}

/** A CA that conducts itself as Boulder, for the proxy's `rules`, and what can be done to it meanwhile. */
export interface Boulder {
  rules: CaRule[];
  /** Lets authorizations expire, and their orders. */
  expire(...authorizationUrls: string[]): void;
  pause(...names: string[]): void;
  unpause(): void;
}

/** The rules in the order in which Boulder applies them. Each can be used on its own, too. */
export function boulder(options: BoulderOptions = {}): Boulder {
  const { reuse = true, ordersList = false, deactivation = true, countDeactivations = true } = options;
  const expiry = new Expiry();
  const pausing = new Pausing({ countDeactivations, ...options.pausing });
  const rules: CaRule[] = [
    expiry,
    new ChallengeConduct(),
    new FinalizeConduct(),
    ...(ordersList ? [] : [new NoOrdersList()]),
    ...(deactivation ? [] : [new NoDeactivation()]),
    pausing,
    new Replacements(),
    ...(options.pendingLimit === undefined ? [] : [new PendingLimit(options.pendingLimit)]),
    new IssuanceLimits(options.limits ?? {}, { countDeactivations }),
    ...(reuse ? [new OrderReuse((order) => expiry.isExpired(order))] : []),
  ];
  return {
    rules,
    expire: (...urls) => expiry.expire(...urls),
    pause: (...names) => pausing.pause(...names),
    unpause: () => pausing.unpause(),
  };
}
