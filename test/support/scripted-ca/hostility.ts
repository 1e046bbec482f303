import type { CaAnswer } from './answers.ts';
import { bodies, headerNames, headerValues, pools, statuses, steps } from './hostile-values.ts';
import type { Twist } from './scripted-ca.ts';

/** Numbers below `below`, always the same for the same seed (mulberry32). */
export type Dice = (below: number) => number;

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What is done to the answers of a step, in words and as an act. */
interface Change {
  words: string;
  apply: (answer: CaAnswer) => CaAnswer | 'reset';
}

/** One to three changes of the answers to some steps. */
export function hostility(dice: Dice): { words: string; twist: Twist } {
  const changes = Array.from({ length: 1 + dice(3) }, () => {
    const step = one(dice, steps);
    // The first answers, or all of them: what comes up once may be waited out.
    const until = one(dice, [1, 1, 2, Infinity]);
    return { step, until, change: changeOf(dice) };
  });
  return {
    words: changes
      .map(
        ({ step, until, change }) =>
          `${step} (${until === Infinity ? 'always' : `first ${until}`}): ${change.words}`,
      )
      .join('; '),
    twist(asked, answer) {
      let twisted = answer;
      for (const { step, until, change } of changes) {
        if (asked.step !== step || asked.earlier >= until) continue;
        const next = change.apply(twisted);
        if (next === 'reset') return next;
        twisted = next;
      }
      return twisted;
    },
  };
}

function changeOf(dice: Dice): Change {
  switch (dice(12)) {
    case 0:
      return { words: 'reset', apply: () => 'reset' };
    case 1:
    case 2: {
      const status = one(dice, statuses);
      return { words: `status ${status}`, apply: (answer) => ({ ...answer, status }) };
    }
    case 3: {
      const [status, body] = [one(dice, statuses), one(dice, bodies)];
      return {
        words: `status ${status}, body ${shown(body)}`,
        apply: (answer) => ({ ...answer, status, body }),
      };
    }
    case 4: {
      const body = one(dice, bodies);
      return { words: `body ${shown(body)}`, apply: (answer) => ({ ...answer, body }) };
    }
    case 5:
    case 6:
      return headerChange(dice);
    default:
      return memberChange(dice);
  }
}

function headerChange(dice: Dice): Change {
  const [name, value] = [one(dice, headerNames), one(dice, headerValues)];
  if (dice(3) === 0) {
    return {
      words: `without ${name}`,
      apply: (answer) => ({ ...answer, headers: without(answer.headers, name) }),
    };
  }
  return {
    words: `${name}: ${shown(value)}`,
    apply: (answer) => ({ ...answer, headers: { ...answer.headers, [name]: value } }),
  };
}

/** A member, of the answer itself or of something in it, is another, missing, one more, or there many times. */
function memberChange(dice: Dice): Change {
  const [place, depth, kind] = [dice(100), dice(3), dice(5)];
  const value = one(dice, one(dice, pools));
  const how = ['set', 'set', 'missing', 'added', 'many'][kind] ?? 'set';
  return {
    words: `member ${place}/${depth} ${how} ${shown(value)}`,
    apply(answer) {
      const body = structuredClone(answer.body);
      if (typeof body === 'object' && body !== null)
        change(body as Record<string, unknown>, { place, depth, how, value });
      return { ...answer, body };
    },
  };
}

interface MemberChange {
  place: number;
  depth: number;
  how: string;
  value: unknown;
}

function change(members: Record<string, unknown>, { place, depth, how, value }: MemberChange): void {
  const keys = Object.keys(members);
  const key = keys[place % Math.max(1, keys.length)];
  if (how === 'added' || key === undefined) {
    Object.assign(members, { wildcard: value, status: members['status'], replaces: value, extra: value });
    return;
  }
  const inner = members[key];
  if (depth > 0 && typeof inner === 'object' && inner !== null) {
    change(inner as Record<string, unknown>, { place: place >> 1, depth: depth - 1, how, value });
    return;
  }
  if (how === 'missing') Reflect.deleteProperty(members, key);
  else if (how === 'many') members[key] = manyOf(Array.isArray(inner) ? (inner[0] as unknown) : value);
  else members[key] = value;
}

/** Three thousand, or as many as an answer of 16 MiB has room for: what a client reads of one is bounded far below that. */
function manyOf(item: unknown): unknown[] {
  const length = (JSON.stringify(item) as string | undefined)?.length ?? 4;
  return Array.from(
    { length: Math.max(2, Math.min(3_000, Math.floor((16 * 1024 * 1024) / length))) },
    () => item,
  );
}

function without(headers: Record<string, string>, name: string): Record<string, string> {
  // An empty one where the CA would add it by itself.
  return {
    ...Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name)),
    ...(name === 'Replay-Nonce' ? { [name]: '' } : {}),
  };
}

function one<T>(dice: Dice, items: readonly T[]): T {
  return items[dice(items.length)]!;
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 60);
}
