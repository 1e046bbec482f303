import { checkedToken, dnsRecordValue } from '../../answer-values.ts';
import type { HookStyle } from '../hook-style.ts';

/** The variables of certbot's `--manual-auth-hook` and `--manual-cleanup-hook`; neither gets an argument. */
export const certbot: HookStyle = {
  calls: 'CMD puts up and --cleanup-hook CMD takes down what CERTBOT_DOMAIN, CERTBOT_VALIDATION … say',
  hasCleanupHook: true,
  argumentsFor: () => [],
  variables: {
    CERTBOT_DOMAIN: 'the name, without *.',
    CERTBOT_IDENTIFIER: 'the same',
    CERTBOT_VALIDATION: 'dns-01: the value of the TXT record; http-01: the content of the file',
    CERTBOT_TOKEN: 'http-01 only: the name of the file',
    CERTBOT_ALL_DOMAINS: 'all names that are proven now, with commas between',
    CERTBOT_ALL_IDENTIFIERS: 'the same',
    CERTBOT_REMAINING_CHALLENGES: 'how many calls come after this one',
    CERTBOT_AUTH_OUTPUT: 'the second hook only: what the first printed',
  },
  variablesFor: (action, answer, presented) => {
    const { identifier, type, keyAuthorization } = answer;
    const { answers, remaining } = answer.batch ?? { answers: [answer], remaining: 0 };
    const names = answers.map((each) => each.identifier.value);
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
