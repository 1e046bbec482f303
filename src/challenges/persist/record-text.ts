/** What a record of dns-persist-01 says (draft-ietf-acme-dns-persist, "Validation Record Format"). */
export interface PersistRecord {
  /** A domain name of the CA, in small letters. */
  issuer: string;
  accountUri: string;
  /** `policy=wildcard`: for wildcards and names below, too. */
  isForWildcards: boolean;
  /** `persistUntil`: no validation begins after it. */
  endsAt: Date | null;
}

/** The name of the record, with the root's dot. */
export function persistRecordName(base: string): string {
  return `_validation-persist.${base}.`;
}

export function persistRecordText({ issuer, accountUri, isForWildcards, endsAt }: PersistRecord): string {
  return [
    issuer,
    `accounturi=${accountUri}`,
    ...(isForWildcards ? ['policy=wildcard'] : []),
    ...(endsAt === null ? [] : [`persistUntil=${String(Math.floor(endsAt.getTime() / 1000))}`]),
  ].join('; ');
}

/**
 * Reads a TXT value: the `issue-value` of RFC 8659 §4.2. Parameters that aren't known are passed over.
 * @returns null for one that the draft calls malformed: no account, a parameter twice, an end that is no number
 */
export function parsePersistRecord(text: string): PersistRecord | null {
  const [issuer = '', ...parts] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const [, tag, value = ''] = /^([A-Za-z0-9]+)\s*=\s*(\S*)$/.exec(part) ?? [];
    if (tag === undefined || parameters.has(tag.toLowerCase())) return null;
    parameters.set(tag.toLowerCase(), value);
  }
  const accountUri = parameters.get('accounturi') ?? '';
  const until = parameters.get('persistuntil');
  const seconds = until === undefined || !/^[0-9]{1,12}$/.test(until) ? null : Number(until);
  if (accountUri === '' || (until !== undefined && seconds === null)) return null;
  return {
    issuer: issuer.toLowerCase().replace(/\.$/, ''),
    accountUri,
    isForWildcards: parameters.get('policy')?.toLowerCase() === 'wildcard',
    endsAt: seconds === null ? null : new Date(seconds * 1000),
  };
}
