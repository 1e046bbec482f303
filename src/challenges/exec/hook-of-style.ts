import type { CheckedOptions } from '../solver-kind.ts';
import { usage, type OptionPlace } from '../solver-option.ts';
import { assertTrustedHook } from '../../system/hook-program.ts';
import { shellWord } from '../../shell-word.ts';
import { hookStyles } from './hook-styles.ts';
import { checkedCommand, type execOptions } from './options.ts';
import type { ExecSettings } from './settings.ts';

type Values = CheckedOptions<typeof execOptions>;

/** The hook as its style calls it. @throws AcmeLedgerError `usage` for one that it can't call */
export function hookOf(
  { hook, hookStyle }: Pick<Values, 'hook' | 'hookStyle'>,
  place: Omit<OptionPlace, 'flag'>,
): string {
  const style = hookStyles[hookStyle];
  const { challenge, directory, look } = place;
  if (style.onlyFor !== undefined && challenge !== style.onlyFor) {
    throw usage(
      `--hook-style ${hookStyle} is for ${style.onlyFor}, not for ${challenge}`,
      `leave out --challenge, or choose another --hook-style for ${challenge}`,
    );
  }
  const kept = style.hookFrom?.(hook, place) ?? hook;
  if (style.isScript !== true)
    return checkedCommand(kept, { ...place, flag: '--hook' }, style.commandsFor !== undefined);
  if (look) assertTrustedHook(`sh ${shellWord(kept)}`, directory, '--hook');
  return kept;
}

/** @throws AcmeLedgerError `usage` for a command that would never be called */
export function cleanupHookOf({
  cleanupHook,
  hookStyle,
}: Pick<Values, 'cleanupHook' | 'hookStyle'>): Pick<ExecSettings, 'cleanupHook'> {
  if (cleanupHook === null) return {};
  if (hookStyles[hookStyle].hasCleanupHook) return { cleanupHook };
  throw usage(
    `--cleanup-hook isn't called with --hook-style ${hookStyle}: the hook itself takes down`,
    'leave it out, or add --hook-style certbot',
  );
}
