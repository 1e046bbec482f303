import { dnsFindings } from './dns/dns-findings.ts';
import type { FindingKind } from './finding-kind.ts';
import { ownFindings } from './own-findings.ts';
import { webFindings } from './web/web-findings.ts';

/** Every code that `check` can find, with what is known of it. */
export const findingKinds = { ...ownFindings, ...dnsFindings, ...webFindings } as const satisfies Record<
  string,
  FindingKind
>;

export type FindingCode = keyof typeof findingKinds;
