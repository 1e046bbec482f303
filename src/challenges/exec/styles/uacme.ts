import { checkedToken, dnsRecordValue } from '../../answer-values.ts';
import type { ChallengeAnswer } from '../../solver.ts';
import type { HookAction, HookStyle } from '../hook-style.ts';

/** The hook program of uacme, and of its versions that set variables beside. */
export const uacme: HookStyle = {
  calls: 'CMD begin|done|failed TYPE DOMAIN TOKEN AUTH',
  hasCleanupHook: false,
  argumentsFor: (action, answer) => {
    const { method, type, auth } = partsOf(action, answer);
    return [method, type, answer.identifier.value, checkedToken(answer), auth];
  },
  variables: {
    UACME_METHOD: 'the first argument; done for a name that is proven, else failed',
    UACME_TYPE: 'the second: dns-01 or http-01',
    UACME_IDENT: 'the third: the name, without *.',
    UACME_TOKEN: 'the fourth',
    UACME_AUTH: 'the fifth; dns-01: the value of the TXT record; http-01: the content of the file',
  },
  variablesFor: (action, answer) => {
    const { method, type, auth } = partsOf(action, answer);
    return {
      UACME_METHOD: method,
      UACME_TYPE: type,
      UACME_IDENT: answer.identifier.value,
      UACME_TOKEN: checkedToken(answer),
      UACME_AUTH: auth,
    };
  },
  mayDecline: true,
};

function partsOf(
  action: HookAction,
  answer: ChallengeAnswer,
): { method: string; type: string; auth: string } {
  const ended = answer.isProven === true ? 'done' : 'failed';
  return {
    method: action === 'present' ? 'begin' : ended,
    type: answer.type,
    auth: answer.type === 'dns-01' ? dnsRecordValue(answer) : answer.keyAuthorization,
  };
}
