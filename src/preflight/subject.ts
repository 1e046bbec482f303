import type { Authority } from '../acme/authorities/authorities.ts';
import { kindOf, type SolverSettings } from '../challenges/settings.ts';
import type { ChallengeType } from '../challenges/solver.ts';
import { parseName } from '../identifiers.ts';

/** What a check needs of the CA and the account there. */
export interface KnownOfCa {
  authority: Authority;
  /** The CA's names in CAA records; empty where they aren't known. */
  caaIdentities: readonly string[];
  /** The URL of the account that would order; null where there is none. */
  accountUrl: string | null;
}

/** A name that is checked, and how an order would prove it. */
export interface Subject extends KnownOfCa {
  /** As it was asked for; a wildcard with its `*.`. */
  name: string;
  /** Without `*.`, as an A-label. */
  base: string;
  type: 'dns' | 'ip';
  isWildcard: boolean;
  challenge: ChallengeType;
  /** How its certificate proves it; null for a name of no certificate. */
  settings: SolverSettings | null;
  /** The account has a valid authorization of the name: the CA takes that, and looks at the CAA records alone. */
  isAuthorized?: boolean;
}

/**
 * @param name as an order would hold it
 * @param usual the challenge where nothing says how the name is proven @throws AcmeLedgerError `bad-name`
 */
export function subjectOf(
  name: string,
  settings: SolverSettings | null,
  known: KnownOfCa,
  usual: ChallengeType | null = null,
): Subject {
  const { type, value } = parseName(name);
  const isWildcard = value.startsWith('*.');
  return {
    name: value,
    base: value.replace(/^\*\./, ''),
    type,
    isWildcard,
    challenge: settings?.challenge ?? usual ?? (isWildcard ? 'dns-01' : 'http-01'),
    settings,
    ...known,
  };
}

/** Whether the CA has validated the name beforehand, and looks neither at its records nor at its host. */
export function isProvenBefore({ settings }: Pick<Subject, 'settings'>): boolean {
  return settings !== null && kindOf(settings).answersNothing === true;
}

/** Whether the CA looks for the answer at the name's host, and so needs its address. */
export function isProvenAtHost(subject: Pick<Subject, 'challenge' | 'settings'>): boolean {
  const { challenge } = subject;
  return (challenge === 'http-01' || challenge === 'tls-alpn-01') && !isProvenBefore(subject);
}

/** Whether the CA is one that everybody knows: it certifies public names alone, and sees what everybody sees. */
export function isPublicCa({ authority }: Pick<Subject, 'authority'>): boolean {
  return authority.name !== null;
}
