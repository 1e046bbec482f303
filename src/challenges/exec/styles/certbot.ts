import { checkedToken, dnsRecordValue } from '../../answer-values.ts';
import type { HookStyle } from '../hook-style.ts';

/** The variables of certbot's `--manual-auth-hook` and `--manual-cleanup-hook`; neither gets an argument. */
export const certbot: HookStyle = {
  calls: 'CMD puts up and --cleanup-hook CMD takes down what CERTBOT_DOMAIN, CERTBOT_VALIDATION … say',
  hasCleanupHook: true,
  argumentsFor: () => [],
  variablesFor: (action, answer, presented) => {
    const { identifier, type, keyAuthorization } = answer;
    const { names, remaining } = answer.batch ?? { names: [identifier.value], remaining: 0 };
    return {
      CERTBOT_DOMAIN: identifier.value,
      CERTBOT_IDENTIFIER: identifier.value,
      ...(type === 'dns-01'
        ? { CERTBOT_VALIDATION: dnsRecordValue(answer) }
        : { CERTBOT_VALIDATION: keyAuthorization, CERTBOT_TOKEN: checkedToken(answer) }),
      CERTBOT_REMAINING_CHALLENGES: String(remaining),
      CERTBOT_ALL_DOMAINS: names.join(','),
      CERTBOT_ALL_IDENTIFIERS: names.join(','),
      ...(action === 'cleanup' ? { CERTBOT_AUTH_OUTPUT: presented } : {}),
    };
  },
};
