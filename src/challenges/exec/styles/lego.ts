import { checkedToken, dnsRecordName, dnsRecordValue } from '../../answer-values.ts';
import type { HookStyle } from '../hook-style.ts';

/** The arguments that lego's exec provider hands to its command; those of http-01 are its raw mode's. */
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
