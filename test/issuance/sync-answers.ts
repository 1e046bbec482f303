import type { Answer, Order } from '../../src/acme/objects/resources.ts';
import type { Session } from '../../src/acme/session.ts';
import { AcmeLedgerError } from '../../src/errors.ts';

/** The CA's answer about an authorization, with its challenge in this state. */
export function withChallenge(session: Session, status: 'processing' | 'valid'): Partial<Session> {
  return {
    getAuthorization: async (...given) => {
      const answer = await session.getAuthorization(...given);
      return { ...answer, challenges: answer.challenges.map((challenge) => ({ ...challenge, status })) };
    },
  };
}

/** The CA's answer about an order, with something else in it. */
export function withOrder(session: Session, change: Partial<Order>): Partial<Session> {
  return {
    getOrder: async (...given): Promise<Answer<Order>> => ({
      ...(await session.getOrder(...given)),
      ...change,
    }),
  };
}

/** A CA that fails at everything, and how often it was asked. */
export function failing(error: () => Error): { session: Partial<Session>; asked: () => number } {
  let asked = 0;
  const fail = (): Promise<never> => {
    asked += 1;
    return Promise.reject(error());
  };
  return { session: { getAuthorization: fail, getOrder: fail }, asked: () => asked };
}

export function notFound(): AcmeLedgerError {
  return new AcmeLedgerError('ca-answer', 'there is no such thing', { httpStatus: 404 });
}
