import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attempt, attemptIn } from '../../support/scripted-ca/attempt.ts';
import type { CaAnswer, Step } from '../../support/scripted-ca/answers.ts';
import { ScriptedCa, type Twist } from '../../support/scripted-ca/scripted-ca.ts';
import { newWorkspace } from '../../support/workspace.ts';

let ca: ScriptedCa;

beforeAll(async () => {
  ca = await ScriptedCa.start();
});

beforeEach(() => ca.clear());

afterAll(() => ca.stop());

type Members = Record<string, unknown>;

/** Changes members of the JSON of every answer to a step. */
function changing(step: Step, change: (members: Members, answer: CaAnswer) => Members): Twist {
  return (asked, answer) =>
    asked.step === step && answer.status < 300
      ? { ...answer, body: change(answer.body as Members, answer) }
      : undefined;
}

function identified(value: string, type = 'dns'): Twist {
  return changing('authorization', (members) => ({ ...members, identifier: { type, value } }));
}

describe('an answer of the CA that is for something else than was asked', () => {
  it.each<[string, Twist, RegExp]>([
    ['an authorization for a name nobody asked for', identified('victim.internal'), /"victim\.internal"/],
    ['an authorization for a command', identified('$(id)'), /"\$\(id\)"/],
    [
      'an order that repeats a name',
      changing('newOrder', (order) => ({
        ...order,
        identifiers: ['a', 'b', 'a'].map((label) => ({ type: 'dns', value: `${label}.test` })),
      })),
      /names "a\.test" twice/,
    ],
    [
      'an order with more authorizations than names',
      changing('newOrder', (order) => ({
        ...order,
        authorizations: [...(order['authorizations'] as string[]), `${ca.origin}/authz/999`],
      })),
      /3 authorizations for 2 names/,
    ],
  ])('ends the attempt before anything is put up or submitted, and is closed: %s', async (_, twist, said) => {
    const result = await attempt(ca, { names: ['a.test', 'b.test'], twist });
    expect(result).toMatchObject({ exitCode: 1, hookCalls: [], unknown: [], known: [] });
    expect(result.stderr).toMatch(said);
    expect(ca.asked.filter(({ step }) => step === 'challenge')).toEqual([]);
    expect(ca.open()).toEqual([]);
  });

  it('is none with capitals, unicode for A-labels and the dot of the root', async () => {
    const result = await attempt(ca, { names: ['xn--bcher-kva.test'], twist: identified('BÜCHER.test.') });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.hookCalls[0]).toMatch(/^present xn--bcher-kva\.test /);
  });

  it('is an order whose URL is that of another live order: what it opened is closed, the other left alone', async () => {
    const workspace = await newWorkspace();
    try {
      const keep = ['--on-unsubmitted', 'resume'];
      const first = await attemptIn(workspace, ca, {
        names: ['a.test'],
        args: keep,
        twist: (asked) =>
          asked.step === 'authorization' ? { status: 500, headers: {}, body: '' } : undefined,
      });
      expect(first).toMatchObject({ exitCode: 1, unknown: [] });
      const [url] = ca.orders.keys();
      const [kept] = ca.open();
      const second = await attemptIn(workspace, ca, {
        names: ['b.test'],
        args: keep,
        twist: ({ step }, answer) =>
          step === 'newOrder' ? { ...answer, headers: { ...answer.headers, Location: url! } } : undefined,
      });
      expect(second).toMatchObject({ exitCode: 1, unknown: [] });
      expect(second.stderr).toMatch(/its URL is that of order 1, which was made for "a\.test"/);
      expect(ca.open()).toEqual([kept]);
    } finally {
      await workspace.remove();
    }
  });
});

describe('a problem document that names a name', () => {
  it('means the name that was asked for, however it is written', async () => {
    ca.refusal = ({ step, earlier }) =>
      step === 'newOrder' && earlier === 0
        ? {
            status: 400,
            headers: {},
            body: {
              type: 'urn:ietf:params:acme:error:rejectedIdentifier',
              detail: 'no',
              subproblems: [
                {
                  type: 'urn:ietf:params:acme:error:rejectedIdentifier',
                  detail: 'no',
                  identifier: { type: 'dns', value: 'B.TEST.' },
                },
              ],
            },
          }
        : undefined;
    const args = ['--on-failed-name', 'drop'];
    const result = await attempt(ca, { names: ['a.test', 'b.test'], args });
    expect(result.exitCode).toBe(0);
    expect([...ca.orders.values()].map(({ identifiers }) => identifiers)).toEqual([
      [{ type: 'dns', value: 'a.test' }],
    ]);
  });
});
