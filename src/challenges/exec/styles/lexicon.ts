import { dnsRecordName, dnsRecordValue } from '../../answer-values.ts';
import { usage } from '../../solver-option.ts';
import { shellWord } from '../../../shell-word.ts';
import { printable } from '../../../printable.ts';
import type { HookStyle } from '../hook-style.ts';

/** The command `lexicon`, which edits zones at some 90 providers. The hook names the provider: `lexicon cloudflare`. */
export const lexicon: HookStyle = {
  calls: "'lexicon PROVIDER' create|delete DOMAIN TXT --name FQDN. --content VALUE",
  hasCleanupHook: false,
  onlyFor: 'dns-01',
  hookFrom: (typed) => {
    if (/\s/.test(typed)) return typed;
    throw usage(
      `--hook "${printable(typed)}" names no provider for --hook-style lexicon`,
      `give the command with the provider: --hook ${shellWord(typed === 'lexicon' ? 'lexicon PROVIDER' : `lexicon ${printable(typed)}`)}; lexicon --help lists them`,
    );
  },
  argumentsFor: (action, answer) => [
    action === 'present' ? 'create' : 'delete',
    answer.identifier.value,
    'TXT',
    '--name',
    dnsRecordName(answer),
    // A value that begins with a hyphen would be an option.
    `--content=${dnsRecordValue(answer)}`,
  ],
  variables: {},
  variablesFor: () => ({}),
};
