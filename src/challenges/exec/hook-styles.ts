import type { HookStyle } from './hook-style.ts';
import { acmeSh } from './styles/acme-sh.ts';
import { acmetool } from './styles/acmetool.ts';
import { certbot } from './styles/certbot.ts';
import { dehydrated, dehydratedChain } from './styles/dehydrated.ts';
import { lego, legoRaw } from './styles/lego.ts';
import { lexicon } from './styles/lexicon.ts';
import { uacme } from './styles/uacme.ts';

/** As `--hook-style` and the settings in the ledger name them. */
export const hookStyleNames = [
  'lego',
  'lego-raw',
  'certbot',
  'dehydrated',
  'dehydrated-chain',
  'uacme',
  'acmetool',
  'acme.sh',
  'lexicon',
] as const;
export type HookStyleName = (typeof hookStyleNames)[number];

export const hookStyles: Readonly<Record<HookStyleName, HookStyle>> = {
  lego,
  'lego-raw': legoRaw,
  certbot,
  dehydrated,
  'dehydrated-chain': dehydratedChain,
  uacme,
  acmetool,
  'acme.sh': acmeSh,
  lexicon,
};

export function isHookStyle(name: string): name is HookStyleName {
  return Object.hasOwn(hookStyles, name);
}
