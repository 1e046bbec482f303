import type { HookStyle } from './hook-style.ts';
import { lego } from './styles/lego.ts';

export const hookStyles = { lego } as const satisfies Record<string, HookStyle>;

/** As `--hook-style` and the settings in the ledger name the style. */
export type HookStyleName = keyof typeof hookStyles;

export function isHookStyle(name: string): name is HookStyleName {
  return Object.hasOwn(hookStyles, name);
}
