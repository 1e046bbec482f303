import { authorityOf } from '../acme/authorities/authorities.ts';
import { keptProof, parseProof } from '../challenges/proof/proof.ts';
import { proofCommandLine } from '../challenges/proof/proof-words.ts';
import { isRecord } from '../json-record.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from '../run/run-context.ts';
import { shellWords } from '../shell-word.ts';

type What = Exclude<keyof WantedCertificate, 'name'>;

/** One thing that is wanted otherwise than before, as in `changes` of docs/json.md. */
export interface Change {
  what: What;
  from: unknown;
  to: unknown;
}

/** What a certificate is wanted to be, each in the words of a person. */
const labels: Readonly<Record<What, string>> = {
  names: 'names',
  ca: 'CA',
  keyType: 'key type',
  reuseKey: 'reuse of the key',
  profile: 'profile',
  preferredChain: 'preferred chain',
  settings: 'proof of the names',
  csr: 'certificate request',
  deployHook: 'deploy hook',
};

/** What is wanted otherwise now; nothing for a new certificate. */
export function changesOf(before: WantedCertificate | null, wanted: WantedCertificate): Change[] {
  if (before === null) return [];
  const all = Object.keys(labels) as What[];
  return all
    .map((what) => ({ what, from: shownValue(what, before), to: shownValue(what, wanted) }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

/** A certificate request is long, and tells nobody anything. */
function shownValue(what: What, wanted: WantedCertificate): unknown {
  if (what === 'csr') return wanted.csr?.toString('base64') ?? null;
  return what === 'settings' ? wholeSettings(wanted.settings) : wanted[what];
}

/** With the usual value of what the rows of an earlier version don't say. */
function wholeSettings(settings: object): unknown {
  try {
    return keptProof(parseProof(settings));
  } catch {
    return settings;
  }
}

/** `key type rsa2048 → ec256` */
export function changeText({ what, from, to }: Change): string {
  if (what === 'names') return `names ${namesText(from)} → ${namesText(to)}`;
  return `${labels[what]} ${valueText(what, from)} → ${valueText(what, to)}`;
}

function namesText(names: unknown): string {
  return Array.isArray(names) ? names.map(String).join(' ') : 'none';
}

function valueText(what: What, value: unknown): string {
  if (what === 'csr') return value === null ? 'none' : 'one of your own';
  if (what === 'settings') return settingsText(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'string') return 'none';
  if (what === 'ca') return authorityOf(value).label;
  return value;
}

/** The options that prove the names so. */
function settingsText(settings: unknown): string {
  try {
    const { directory, words } = proofCommandLine(parseProof(isRecord(settings) ? settings : {}));
    return `${shellWords(words.map(printable))}${directory === null ? '' : ` in ${printable(directory)}`}`;
  } catch {
    return 'settings that can not be read';
  }
}

/** Lists what a command changes of a certificate, one thing a line. */
export function tellChanges({ output }: CommandContext, name: string, changes: readonly Change[]): void {
  for (const change of changes) output.conclude(`${name}: ${changeText(change)}`);
}
