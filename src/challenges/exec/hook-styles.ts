import type { HookStyle } from './hook-style.ts';
import { certbot } from './styles/certbot.ts';
import { lego } from './styles/lego.ts';

/** As `--hook-style` and the settings in the ledger name them. */
export const hookStyleNames = ['lego', 'certbot'] as const;
export type HookStyleName = (typeof hookStyleNames)[number];

export const hookStyles: Readonly<Record<HookStyleName, HookStyle>> = { lego, certbot };

export function isHookStyle(name: string): name is HookStyleName {
  return Object.hasOwn(hookStyles, name);
}
