import type { CheckParts } from '../check-parts.ts';
import { checkAddresses } from '../dns/addresses.ts';
import { bogus, checkCaa } from '../dns/caa.ts';
import { isBogus } from '../dns/dnssec.ts';
import { caaFromAbove, isAbsentFromAbove } from '../dns/from-above.ts';
import type { Found } from '../finding.ts';
import { type Subject, isProvenAtHost, isProvenBefore } from '../subject.ts';

/** CAs that heed `accounturi` and `validationmethods` by their own documents; of others it isn't certain. */
const heedsParameters = /^(letsencrypt|google)/;

/**
 * What an order with the name would certainly fail for; null where nothing is, or it isn't certain.
 * @param options.isTrusted the resolver sees what the CA sees; where it may not, what it says is asked again of the
 * name servers that the registry delegates to
 */
export async function certainFault(
  subject: Subject,
  parts: CheckParts,
  { isTrusted }: { isTrusted: boolean },
): Promise<Found | null> {
  if (subject.type === 'ip') return null;
  const [caa, address] = await Promise.all([caaFault(subject, parts), addressFault(subject, parts)]);
  if (isTrusted) return (await bogusFault(subject, parts)) ?? address ?? caa;
  if (address !== null && (await isAbsentFromAbove(subject.base, parts))) return address;
  if (caa === null) return null;
  const above = await caaFault(subject, { ...parts, resolver: caaFromAbove(parts) });
  return above?.code === caa.code ? above : null;
}

async function caaFault(subject: Subject, parts: CheckParts): Promise<Found | null> {
  const isHeeded = heedsParameters.test(subject.authority.name ?? '');
  const found = (await checkCaa(subject, parts)).find(({ code }) => {
    // The CA compares the method with which it validated the name, and that isn't known here.
    if (code === 'caa-method' && subject.isAuthorized === true) return false;
    if (code === 'caa-account' || code === 'caa-method') return isHeeded && subject.accountUrl !== null;
    return code === 'caa-forbids' || code === 'caa-critical';
  });
  return found ?? null;
}

async function addressFault(subject: Subject, parts: CheckParts): Promise<Found | null> {
  if (!isProvenAtHost(subject) || subject.isAuthorized === true) return null;
  const { findings } = await checkAddresses(subject, parts);
  return findings.find(({ code }) => code === 'domain-missing' || code === 'address-missing') ?? null;
}

async function bogusFault(subject: Subject, { resolver }: CheckParts): Promise<Found | null> {
  const { base, challenge } = subject;
  if (isProvenBefore(subject) || subject.isAuthorized === true) return null;
  const isBroken = isProvenAtHost(subject)
    ? await isBogus(base, 'A', resolver)
    : challenge === 'dns-01' && (await isBogus(`_acme-challenge.${base}`, 'TXT', resolver));
  return isBroken ? bogus(base) : null;
}
