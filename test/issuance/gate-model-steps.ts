import fc from 'fast-check';
import { type Fate, type UnderWay, fates, underWays } from './gate-model-waits.ts';
import type { WorldTraits } from './gate-model-world.ts';

/** One step of a world. What it can't do then and there, because nothing waits or the place is taken, it leaves. */
export type Step =
  | {
      do: 'issue';
      at: number;
      names: string[];
      waitMs: number;
      recovers: boolean;
      here: boolean;
      fails: boolean;
    }
  | { do: 'clear'; at: number; all: boolean }
  | { do: 'sync'; at: number }
  | { do: 'settle'; at: number }
  | { do: 'go on'; turns: number; from: number }
  | { do: 'answer'; which: number; fate: Fate }
  | { do: 'verdict'; which: number; verdict: 'valid' | 'invalid' }
  | { do: 'die'; at: number; calls: number; underWay: UnderWay }
  | { do: 'hold up'; at: number; calls: number }
  | { do: 'interrupt'; at: number; grace: boolean }
  | { do: 'end'; at: number }
  | { do: 'pass'; ms: number }
  | { do: 'jump back' };

const names = ['a.test', 'b.test', 'c.test', 'd.test', 'e.test'];
/** Places for processes. */
export const places = 3;
export const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;
const at = fc.nat(places - 1);
const which = fc.nat(9);

const issue = fc.record({
  do: fc.constant('issue' as const),
  at,
  names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 4, size: 'max' }),
  waitMs: fc.constantFrom(0, 0, 20_000),
  recovers: fc.boolean(),
  here: fc.boolean(),
  fails: fc.integer({ min: 0, max: 4 }).map((each) => each === 4),
});

const goOn = fc.record({
  do: fc.constant('go on' as const),
  turns: fc.integer({ min: 1, max: 15 }),
  from: which,
});
const answer = fc.record({ do: fc.constant('answer' as const), which, fate: fc.constantFrom(...fates) });
const verdict = fc.record({
  do: fc.constant('verdict' as const),
  which,
  verdict: fc.constantFrom('valid' as const, 'invalid' as const),
});

const calm: fc.WeightedArbitrary<Step>[] = [
  { weight: 10, arbitrary: issue },
  { weight: 20, arbitrary: goOn },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which,
      fate: fc.constantFrom('acted' as const, 'answered' as const),
    }),
  },
  { weight: 3, arbitrary: verdict },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clear' as const), at, all: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sync' as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold up' as const), at, calls: fc.nat(12) }) },
];

const faults: fc.WeightedArbitrary<Step>[] = [
  { weight: 8, arbitrary: answer },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const), at }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      at,
      calls: fc.nat(25),
      underWay: fc.constantFrom(...underWays),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('interrupt' as const), at, grace: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(15_000, minuteMs, 2 * minuteMs, 60 * minuteMs, dayMs, 2 * dayMs),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump back' as const) }) },
];

export const calmSteps = fc.array(fc.oneof(...calm), { minLength: 5, maxLength: 40, size: 'max' });
export const faultySteps = fc.array(fc.oneof(...calm, ...faults), {
  minLength: 5,
  maxLength: 60,
  size: 'max',
});

export const worldTraits: fc.Arbitrary<WorldTraits> = fc
  .record({
    ca: fc.record({
      sharesPending: fc.boolean(),
      reusesValid: fc.boolean(),
      reusesOrders: fc.constantFrom('never' as const, 'always' as const, 'unless-one-failed' as const),
      listsOrders: fc.boolean(),
      refusesDeactivation: fc.integer({ min: 0, max: 5 }).map((each) => each === 5),
      forgetsExpired: fc.boolean(),
      orderLifeMs: fc.constantFrom(60 * minuteMs, 7 * dayMs),
      authorizationLifeMs: fc.constantFrom(60 * minuteMs, 7 * dayMs),
    }),
    policy: fc.constantFrom('deactivate' as const, 'resume' as const),
    maxPending: fc.integer({ min: 1, max: 8 }),
    patienceMs: fc.constantFrom(0, 60_000),
  })
  // A CA whose list names orders that it has forgotten, and that forgets them before what they opened, is out of order.
  .filter(({ ca }) => !ca.listsOrders || !ca.forgetsExpired || ca.orderLifeMs >= ca.authorizationLifeMs)
  // Where there is no list, `resume` asks for a lost order by sending the same again: that is for a CA like Boulder, which answers with
  // the same order for as long as it is open, and where orders end no sooner than what they opened and have no pending one in common.
  .filter(
    ({ ca, policy }) =>
      policy === 'deactivate' ||
      ca.listsOrders ||
      (ca.reusesOrders !== 'never' && !ca.sharesPending && ca.orderLifeMs >= ca.authorizationLifeMs),
  );
