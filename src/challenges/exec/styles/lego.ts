import { checkedToken, dnsRecordName, dnsRecordValue } from '../../answer-values.ts';
import type { HookStyle } from '../hook-style.ts';

/** The arguments that lego's exec provider hands to its command; for http-01, which that has not, those of its raw mode. */
export const lego: HookStyle = {
  calls: 'CMD present|cleanup FQDN. VALUE for dns-01, CMD present|cleanup DOMAIN TOKEN KEYAUTH for http-01',
  hasCleanupHook: false,
  argumentsFor: (action, answer) =>
    answer.type === 'dns-01'
      ? [action, dnsRecordName(answer), dnsRecordValue(answer)]
      : [action, answer.identifier.value, checkedToken(answer), answer.keyAuthorization],
  variables: {},
  variablesFor: () => ({}),
};

/** lego's exec provider with `EXEC_MODE=RAW`: the hook makes the record's name and value itself. */
export const legoRaw: HookStyle = {
  calls: 'CMD present|cleanup -- DOMAIN TOKEN KEYAUTH, as with EXEC_MODE=RAW',
  hasCleanupHook: false,
  argumentsFor: (action, answer) => [
    action,
    '--',
    answer.identifier.value,
    checkedToken(answer),
    answer.keyAuthorization,
  ],
  variables: {},
  variablesFor: () => ({}),
};
