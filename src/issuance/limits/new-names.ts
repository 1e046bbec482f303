import { AcmeLedgerError } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import { namesAskedFor, namesOrderedSince } from '../../ledger/authorizations/names-asked.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { counted, printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { registeredDomains } from './registered-domain.ts';

const dayMs = 86_400_000;
const shownMost = 3;

/**
 * The refusal of an order that would bring more new names under one registered domain than a day may have; null where
 * it may be made. A name is new until an order names it: an order that is repeated asks for nothing.
 */
export async function tooManyNewNames(
  { ledger, clock }: Pick<LedgerWriter, 'ledger' | 'clock'>,
  certificate: Pick<CertificateRow, 'names' | 'issued_names' | 'stored_at'> | null,
  names: readonly string[],
  max: number | null,
): Promise<AcmeLedgerError | null> {
  if (max === null) return null;
  const own = storedNames(certificate);
  const candidates = names.filter((name) => !own.has(name));
  const known = await namesAskedFor(ledger, candidates, null);
  const unasked = candidates.filter((name) => !known.has(name));
  if (unasked.length === 0) return null;
  const since = new Date(clock.now().getTime() - dayMs);
  for (const [domain, fresh] of await byDomain(unasked)) {
    const ordered = await namesOrderedSince(ledger, since, domain);
    const today = (await byDomain(ordered)).get(domain) ?? [];
    if (fresh.every((name) => today.includes(name))) continue;
    const before = await namesAskedFor(ledger, today, since);
    const all = new Set([...today.filter((name) => !before.has(name)), ...fresh]);
    if (all.size > max) return refusal(domain, [...all], max);
  }
  return null;
}

/** The names of the certificate that stands, also one that another client has issued. */
function storedNames(certificate: Parameters<typeof tooManyNewNames>[1]): ReadonlySet<string> {
  if (certificate === null || certificate.stored_at === null) return new Set();
  return new Set(certificate.issued_names ?? certificate.names);
}

async function byDomain(names: readonly string[]): Promise<Map<string, string[]>> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const [domain = name] = await registeredDomains([parseName(name)]);
    groups.set(domain, [...(groups.get(domain) ?? []), name]);
  }
  return groups;
}

function refusal(domain: string, names: readonly string[], max: number): AcmeLedgerError {
  const shown = names.slice(0, shownMost).map(printable).join(', ');
  const more = names.length > shownMost ? ` and ${String(names.length - shownMost)} more` : '';
  const parents = [...new Set(names.map((name) => name.replace(/^[^.]*\./, '')))];
  const wildcard = parents.length === 1 && parents[0] !== undefined ? parents[0] : domain;
  return new AcmeLedgerError(
    'order-rule',
    `${counted(names.length, 'new name')} under ${printable(domain)} in a day (${shown}${more}), and maxNewNamesPerDomain is ${String(max)}; nothing was sent`,
    {
      hint: `one wildcard may stand for them: acme-ledger issue ${shellWord(`*.${printable(wildcard)}`)}; or repeat the command with --yes`,
    },
  );
}
