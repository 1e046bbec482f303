import { checkedToken, dnsRecordValue } from '../../answer-values.ts';
import type { BatchAnswer } from '../../solver.ts';
import type { HookAction, HookStyle } from '../hook-style.ts';

/** The hook script of dehydrated, which gets a challenge at a time. */
export const dehydrated: HookStyle = {
  calls: 'CMD deploy_challenge|clean_challenge DOMAIN TOKEN VALUE',
  hasCleanupHook: false,
  argumentsFor: (action, answer) => [operation[action], ...triple(answer)],
  variables: {},
  variablesFor: () => ({}),
};

/** The same with `HOOK_CHAIN=yes`: all challenges of a certificate in one call. */
export const dehydratedChain: HookStyle = {
  calls: 'CMD deploy_challenge|clean_challenge DOMAIN TOKEN VALUE …, once for all names (HOOK_CHAIN=yes)',
  hasCleanupHook: false,
  isChained: true,
  argumentsFor: (action, _answer, together) => [operation[action], ...together.flatMap(triple)],
  variables: {},
  variablesFor: () => ({}),
};

const operation: Readonly<Record<HookAction, string>> = {
  present: 'deploy_challenge',
  cleanup: 'clean_challenge',
};

function triple(answer: BatchAnswer): string[] {
  const value = answer.type === 'dns-01' ? dnsRecordValue(answer) : answer.keyAuthorization;
  return [answer.identifier.value, checkedToken(answer), value];
}
